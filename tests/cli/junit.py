#!/usr/bin/env python3
"""JUnit and JSON as others read them: XML by two readers and a schema."""
import json
import os
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as ElementTree

vmm, guests, schema = sys.argv[1:]
os.environ["VMM_CONFIG"] = ""
work = tempfile.TemporaryDirectory()
junit, jsonl = (os.path.join(work.name, name) for name in ("j.xml", "j.jsonl"))
said = ("1..4|ok 1 - a|not ok 2 - <&\"'>\x1b\x07\ufffe\u202e]]>|# at a b.c:7|"
        "ok 3 # SKIP none|ok 4 - \xe9\U0001f600|\x01\x02")
run = subprocess.run(
    [vmm, "test", "--junit", junit, "--json", jsonl, "--tap", "/dev/null",
     "--repeat", "2", guests + "/say.elf", guests + "/triple.elf",
     guests + "/exit.elf", "--", "--accel", "sim", "--append",
     said.encode() + b"\xff\xc0\x80"], check=False)
assert run.returncode == 1, run.returncode

suites = ElementTree.parse(junit).getroot()
assert suites.tag == "testsuites"
names = [suite.get("name") for suite in suites]
assert names == ["say (seed 0)", "say (seed 1)", "triple (seed 0)",
                 "triple (seed 1)", "exit (seed 0)", "exit (seed 1)"], names
totals = dict.fromkeys(("tests", "failures", "errors", "skipped"), 0)
for suite in suites:
    cases = suite.findall("testcase")
    counted = {"tests": len(cases)}
    for key, tag in (("failures", "failure"), ("errors", "error"),
                     ("skipped", "skipped")):
        counted[key] = len(suite.findall("testcase/" + tag))
    for key, value in counted.items():
        assert int(suite.get(key)) == value, (suite.get("name"), key)
        totals[key] += value
for key, value in totals.items():
    assert int(suites.get(key)) == value, key
assert totals == {"tests": 14, "failures": 4, "errors": 2, "skipped": 2}, totals
bad = suites[0].findall("testcase")[2]
assert bad.get("file") == "a b.c" and bad.get("line") == "7"
assert bad.get("name") == "<&\"'>\\x1b\\x07\\ufffe\\u202e]]>", bad.get("name")
assert suites[0].findall("testcase")[4].get("name") == "\xe9\U0001f600"
assert "\\x01\\x02\\xff\\xc0\\x80" in suites[0].find("system-out").text

lines = [json.loads(line) for line in open(jsonl, encoding="utf-8")]
assert [line["type"] for line in lines] == ["run"] * 6 + ["summary"]
assert lines[0]["points"][1]["name"] == "<&\"'>\x1b\x07\ufffe\u202e]]>"
assert lines[0]["hash"] == lines[1]["hash"]  # one CPU: seeds change nothing
assert lines[-1] == {"type": "summary", "total": 6, "pass": 2, "fail": 2,
                     "error": 2, "skip": 0}, lines[-1]

try:
    from lxml import etree
except ImportError:
    print("no lxml: not compared with the schema")
    sys.exit(0)
etree.XMLSchema(etree.parse(schema)).assertValid(etree.parse(junit))
