#!/usr/bin/env python3
"""evmone.py: our EVM beside evmone's baseline interpreter.

    tests/bench/evmone.py BUILD ROUNDS BENCHMARKS FLAGS...

BENCHMARKS is the folder `benchmarks` of ipsilon/evm-benchmarks, FLAGS what
the C++ compiler needs for an evmone built elsewhere: -I for the include
folders of evmone, of its lib, of evmc and intx, and its library or objects.
Prints a table for each set with code prepared before, then with new code in
each run. Exit status: 77 if not told where evmone is, 1 if a result differs.
"""
import glob
import json
import math
import os
import subprocess
import sys
import tempfile

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")


def cases(folder, which):
    """Lines for evmone.cpp: name, code and input of each transaction."""
    for path in sorted(glob.glob(os.path.join(folder, which, "*.json"))):
        with open(path, encoding="utf-8") as f:
            tests = json.load(f)
        for name, test in tests.items():
            tx = test["transaction"]
            code = test["pre"][tx["to"]]["code"][2:]
            labels = test.get("_info", {}).get("labels", {})
            for i, data in enumerate(tx["data"]):
                label = labels.get(str(i), str(i))
                yield f"{name}/{label} {code or '-'} {data[2:] or '-'}\n"


def compile_bench(build, flags, out):
    subprocess.run(
        [os.environ.get("CXX", "g++"), "-std=c++20", "-O2", "-I", ROOT,
         os.path.join(ROOT, "tests/bench/evmone.cpp"), *flags,
         os.path.join(build, "evm/libevm-core.a"), "-o", out], check=True)


def table(bench, rounds, lines, mode):
    run = subprocess.run([bench, rounds, mode], input="".join(lines),
                         stdout=subprocess.PIPE, text=True, check=False)
    if run.returncode != 0:
        sys.exit(f"evmone.py: {run.stdout.splitlines()[-1:]}: no table")
    print("| case | evmone, us | ours, us | ratio |\n|---|---:|---:|---:|")
    logs = []
    for line in run.stdout.splitlines():
        name, theirs, ours = line.split()
        ratio = float(theirs) / float(ours)
        logs.append(math.log(ratio))
        print(f"| {name} | {float(theirs):.4g} | {float(ours):.4g} "
              f"| {ratio:.2f} |")
    print(f"| geometric mean | | | {math.exp(sum(logs) / len(logs)):.2f} |")


def main():
    if len(sys.argv) < 5:
        print("evmone.py: not told where evmone is: BUILD ROUNDS BENCHMARKS "
              "FLAGS...", file=sys.stderr)
        sys.exit(77)
    build, rounds, folder, *flags = sys.argv[1:]
    sets = {which: list(cases(folder, which)) for which in ("main", "micro")}
    if not all(sets.values()):
        sys.exit(f"evmone.py: {folder}: no main/*.json and micro/*.json there")
    with tempfile.TemporaryDirectory() as temp:
        bench = os.path.join(temp, "evmone")
        compile_bench(build, flags, bench)
        for mode in ("prepared", "new"):
            for which, lines in sets.items():
                print(f"\n{which}, code {mode}:\n", flush=True)
                table(bench, rounds, lines, mode)


if __name__ == "__main__":
    main()
