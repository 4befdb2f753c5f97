# A REST API with a cached REQUEST authorizer, and the security profile that governs it.

locals {
  # The alias is the part after the last colon.
  authorizer_parts = split(":", var.authorizer_function_arn)
  partition        = local.authorizer_parts[1]
  region           = local.authorizer_parts[3]
  stage            = "prod"
}

resource "aws_api_gateway_rest_api" "orders" {
  name = "orders-terraform"

  lifecycle {
    create_before_destroy = true
  }
}

resource "aws_api_gateway_authorizer" "okta" {
  name                             = "okta"
  rest_api_id                      = aws_api_gateway_rest_api.orders.id
  type                             = "REQUEST"
  authorizer_uri                   = "arn:${local.partition}:apigateway:${local.region}:lambda:path/2015-03-31/functions/${var.authorizer_function_arn}/invocations"
  identity_source                  = "method.request.header.Authorization"
  authorizer_result_ttl_in_seconds = 300
}

# This API's authorizer alone may call.
resource "aws_lambda_permission" "okta" {
  statement_id  = aws_api_gateway_rest_api.orders.id
  action        = "lambda:InvokeFunction"
  function_name = local.authorizer_parts[6]
  qualifier     = local.authorizer_parts[7]
  principal     = "apigateway.amazonaws.com"
  source_arn    = "${aws_api_gateway_rest_api.orders.execution_arn}/authorizers/${aws_api_gateway_authorizer.okta.id}"
}

resource "aws_api_gateway_resource" "orders" {
  rest_api_id = aws_api_gateway_rest_api.orders.id
  parent_id   = aws_api_gateway_rest_api.orders.root_resource_id
  path_part   = "orders"
}

resource "aws_api_gateway_method" "orders" {
  #checkov:skip=CKV2_AWS_53: A GET without parameters has nothing to validate.
  rest_api_id   = aws_api_gateway_rest_api.orders.id
  resource_id   = aws_api_gateway_resource.orders.id
  http_method   = "GET"
  authorization = "CUSTOM"
  authorizer_id = aws_api_gateway_authorizer.okta.id
}

# What the API protects: it shows what the authorizer has told it.
resource "aws_api_gateway_integration" "orders" {
  rest_api_id = aws_api_gateway_rest_api.orders.id
  resource_id = aws_api_gateway_resource.orders.id
  http_method = aws_api_gateway_method.orders.http_method
  type        = "MOCK"

  request_templates = {
    "application/json" = jsonencode({ statusCode = 200 })
  }
}

resource "aws_api_gateway_method_response" "orders" {
  rest_api_id = aws_api_gateway_rest_api.orders.id
  resource_id = aws_api_gateway_resource.orders.id
  http_method = aws_api_gateway_method.orders.http_method
  status_code = "200"
}

resource "aws_api_gateway_integration_response" "orders" {
  rest_api_id = aws_api_gateway_rest_api.orders.id
  resource_id = aws_api_gateway_resource.orders.id
  http_method = aws_api_gateway_integration.orders.http_method
  status_code = aws_api_gateway_method_response.orders.status_code

  response_templates = {
    "application/json" = "{\"principalId\": \"$context.authorizer.principalId\", \"profile\": \"$context.authorizer.profile\"}"
  }
}

resource "aws_api_gateway_gateway_response" "unauthorized" {
  rest_api_id   = aws_api_gateway_rest_api.orders.id
  response_type = "UNAUTHORIZED"
  status_code   = "401"

  response_parameters = {
    "gatewayresponse.header.WWW-Authenticate" = "'Bearer realm=\"orders\"'"
  }

  response_templates = {
    "application/json" = "{\"error\": \"unauthorized\", \"message\": $context.error.messageString}"
  }
}

resource "aws_api_gateway_deployment" "orders" {
  rest_api_id = aws_api_gateway_rest_api.orders.id

  triggers = {
    redeployment = sha1(jsonencode([
      aws_api_gateway_authorizer.okta,
      aws_api_gateway_method.orders,
      aws_api_gateway_integration.orders,
      aws_api_gateway_integration_response.orders,
      aws_api_gateway_gateway_response.unauthorized,
    ]))
  }

  lifecycle {
    create_before_destroy = true
  }
}

resource "aws_api_gateway_stage" "orders" {
  #checkov:skip=CKV_AWS_73: An example for trying; tracing costs money.
  #checkov:skip=CKV_AWS_76: An example for trying; the authorizer writes a decision line for each call that reaches it.
  #checkov:skip=CKV_AWS_120: A cache of answers would hand one caller's answer to another.
  #checkov:skip=CKV2_AWS_4: An example for trying; see CKV_AWS_76.
  #checkov:skip=CKV2_AWS_29: An example for trying; a firewall is a decision of its own.
  #checkov:skip=CKV2_AWS_51: There is no backend that could ask for a certificate.
  rest_api_id   = aws_api_gateway_rest_api.orders.id
  deployment_id = aws_api_gateway_deployment.orders.id
  stage_name    = local.stage
}

# The profile, where the functions read it.
resource "aws_ssm_parameter" "profile" {
  #checkov:skip=CKV2_AWS_34: A profile holds no secret, and the functions' roles refuse to decrypt.
  name = "${var.profile_root}/orders-terraform"
  type = "String"

  value = jsonencode({
    version   = 1
    issuer    = var.issuer
    audiences = [var.audience]
    scopes    = [var.scope]
    apis      = ["${aws_api_gateway_rest_api.orders.id}/${local.stage}"]
  })
}
