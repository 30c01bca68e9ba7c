#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""tidy - clang-tidy over many files; what it found nothing in is not looked at again before something changes

	tidy.py BUILD <LIST

BUILD has the compile_commands.json. The list has a file a line. One file per process: the analyzer takes what it learnt of
va_list in one file for true in the next. What it says is printed, and the status is 1 where it says anything.

It takes minutes of a processor, nearly all of it for paths through functions. So what had no finding is noted in
${XDG_CACHE_HOME:-~/.cache}/nsnetd-tests/tidy under a name made of all that it depends on: the text of the file and of each
header that it includes, those of the system too, its command, clang-tidy's version and configuration. Nothing there is needed.
"""
import concurrent.futures
import functools
import hashlib
import json
import os
import shlex
import subprocess
import sys
import time

DAYS_KEPT = 30

source = os.getcwd()
build = os.path.realpath(sys.argv[1])
cache = os.path.join(os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache"), "nsnetd-tests/tidy")


def output_of(command):
    return subprocess.run(command, stdout=subprocess.PIPE, check=True, cwd=build).stdout


def read(path):
    with open(path, "rb") as file:
        return file.read()


@functools.lru_cache(maxsize=None)
def digest_of(path):
    return hashlib.sha256(read(path)).digest()


def placeless(text):
    """Wherever the tree and the build lie."""
    return text.replace(build, "BUILD").replace(source, "SOURCE")


def commands():
    """Of each file, in the order in which they stand."""
    found = {}
    with open(os.path.join(build, "compile_commands.json")) as file:
        for entry in json.load(file):
            found.setdefault(os.path.realpath(entry["file"]), []).append(shlex.split(entry["command"]))
    return found


def headers_of(command):
    """All files that a compiler reads for it, itself included."""
    kept = list(command)
    for option in "-o", "-MF", "-MT":
        if option in kept:
            at = kept.index(option)
            del kept[at : at + 2]
    rule = output_of([word for word in kept if word not in ("-c", "-MD")] + ["-M"]).decode()
    return shlex.split(rule.replace("\\\n", " ").split(":", 1)[1])


def key_of(path, its_commands):
    key = hashlib.sha256(settings)
    for command in its_commands:
        key.update(placeless("\0".join(command)).encode())
        for header in headers_of(command):
            header = os.path.realpath(os.path.join(build, header))
            key.update(placeless(header).encode() + b"\0" + digest_of(header))
    return key.hexdigest()


def commands_of(path):
    """As clang-tidy has it: what this build does not compile is taken for one like its neighbours."""
    whole = os.path.realpath(path)
    for neighbour in [whole, *sorted(known)]:
        if neighbour in known and os.path.dirname(neighbour) == os.path.dirname(whole):
            return [[whole if word == neighbour else word for word in command] for command in known[neighbour]]
    return []


def look_at(path):
    its_commands = commands_of(path)
    if not its_commands:
        return path + ": no command compiles it\n"
    mark = os.path.join(cache, key_of(path, its_commands))
    if os.path.exists(mark):
        os.utime(mark)
        return ""
    done = subprocess.run(["clang-tidy", "-p", build, "--quiet", path], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    said = done.stdout.decode()
    if done.returncode != 0:
        return said + done.stderr.decode()
    if not said:
        open(mark, "w").close()
    return said


def forget_old():
    for name in os.listdir(cache):
        mark = os.path.join(cache, name)
        try:
            if os.stat(mark).st_mtime < time.time() - DAYS_KEPT * 86400:
                os.unlink(mark)
        except FileNotFoundError:
            pass  # another one was faster


settings = output_of(["clang-tidy", "--version"]) + read(".clang-tidy")
os.makedirs(cache, exist_ok=True)
forget_old()
known = commands()
# The long ones first, so that nobody waits for one of them at the end.
files = sorted(sys.stdin.read().split(), key=os.path.getsize, reverse=True)
with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
    findings = "".join(pool.map(look_at, files))
sys.stdout.write(findings)
sys.exit(1 if findings or not files else 0)
