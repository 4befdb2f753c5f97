"""Deploys a transformed template into moto's CloudFormation and prints what moto then has of it, as JSON."""

import json
import sys

import boto3
from botocore.config import Config

endpoint, stack = sys.argv[1:3]
template = json.load(sys.stdin)


def client(service):
    return boto3.client(
        service,
        endpoint_url=endpoint,
        region_name="eu-west-1",
        aws_access_key_id="test",
        aws_secret_access_key="test",
        config=Config(retries={"total_max_attempts": 1}),
    )


# The code that `sam package` would have put there: moto looks for it.
s3 = client("s3")
if not s3.list_buckets()["Buckets"]:
    s3.create_bucket(Bucket="bucket", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    s3.put_object(Bucket="bucket", Key="code", Body=b"PK\x05\x06" + bytes(18))

cloudformation = client("cloudformation")
documents = template.pop("Documents")
parameters = [{"ParameterKey": name, "ParameterValue": value} for name, value in template.pop("Given").items()]
cloudformation.create_stack(
    StackName=stack, TemplateBody=json.dumps(template), Parameters=parameters, Capabilities=["CAPABILITY_IAM"]
)
described = cloudformation.describe_stacks(StackName=stack)["Stacks"][0]
summaries = cloudformation.list_stack_resources(StackName=stack)["StackResourceSummaries"]
result = {
    "status": described["StackStatus"],
    "outputs": {output["OutputKey"]: output["OutputValue"] for output in described.get("Outputs", [])},
    "resources": {},
}
iam, functions, logs, gateway = client("iam"), client("lambda"), client("logs"), client("apigateway")
for summary in summaries:
    # What moto's CloudFormation does not know has no type there.
    kind, name = summary.get("ResourceType"), summary.get("PhysicalResourceId")
    if not kind or not name:
        continue
    found = {"type": kind, "name": name}
    if kind == "AWS::Lambda::Function":
        found["configuration"] = functions.get_function_configuration(FunctionName=name)
        try:
            found["policy"] = json.loads(functions.get_policy(FunctionName=name)["Policy"])
        except functions.exceptions.ResourceNotFoundException:
            found["policy"] = None
    elif kind == "AWS::IAM::Role":
        found["trust"] = iam.get_role(RoleName=name)["Role"]["AssumeRolePolicyDocument"]
        found["inline"] = {
            policy: iam.get_role_policy(RoleName=name, PolicyName=policy)["PolicyDocument"]
            for policy in iam.list_role_policies(RoleName=name)["PolicyNames"]
        }
    elif kind == "AWS::IAM::ManagedPolicy":
        version = iam.get_policy(PolicyArn=name)["Policy"]["DefaultVersionId"]
        document = iam.get_policy_version(PolicyArn=name, VersionId=version)["PolicyVersion"]["Document"]
        found["document"] = document
    elif kind == "AWS::Logs::LogGroup":
        found["retention"] = logs.describe_log_groups(logGroupNamePrefix=name)["logGroups"][0].get("retentionInDays")
    elif kind == "AWS::CloudWatch::Dashboard":
        found["body"] = json.loads(client("cloudwatch").get_dashboard(DashboardName=name)["DashboardBody"])
    elif kind == "AWS::ApiGateway::RestApi":
        document = documents[summary["LogicalResourceId"]]
        for methods in document["paths"].values():
            # moto fails at a mock, which a preflight is answered with.
            methods.pop("options", None)
        gateway.put_rest_api(restApiId=name, mode="overwrite", body=json.dumps(document).encode())
        items = gateway.get_resources(restApiId=name)["items"]
        found["methods"] = {item["path"]: sorted(item.get("resourceMethods", {})) for item in items}
    result["resources"][summary["LogicalResourceId"]] = found
json.dump(result, sys.stdout, default=str)
