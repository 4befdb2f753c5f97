"""Prints a SAM template as JSON: as it is written, and as CloudFormation gets it after AWS's own transform."""

import copy
import json
import sys

from samcli.yamlhelper import yaml_parse
from samtranslator.parser.parser import Parser
from samtranslator.translator.translator import Translator

with open(sys.argv[1], encoding="utf-8") as file:
    source = yaml_parse(file.read())
packaged = copy.deepcopy(source)
# As `sam package` does: what is built lies in a bucket.
function = packaged.get("Globals", {}).get("Function", {})
if function.get("CodeUri") == ".":
    function["CodeUri"] = "s3://bucket/code"
transformed = Translator({}, Parser()).translate(packaged, json.loads(sys.argv[2]))
json.dump({"source": source, "transformed": transformed}, sys.stdout)
