# SPDX-License-Identifier: LGPL-2.1-or-later
# documents - types what README.md and the manuals type, for test_documents.sh
#
#     documents.py SOURCE HOME ALICE BOB      ALICE, BOB: the commands that make a command theirs
#
# What a command is: in a literal block (``` in Markdown, .Bd -literal or .Dl in manuals) a line that begins with "# " or "$ ", by
# root, or with "alice$ " or "bob$ ", by them. It goes on in the next line after a backslash. Lines behind it, up to the next command, are what
# it prints, all of it; "..." alone stands for any lines, at the end of a line for the rest of it. Where nothing stands there, anything
# may be printed. A block without a command is text. "cat FILE" writes the file that it shows.
#
# Under each heading all begins anew, with no namespace and no network, and so it does in each cell of a table of blocks. A command with "&"
# at its end goes on beside the others; what follows it is tried until it is there.
#
# A command within a sentence need not make sense where it stands: its verb and its options are looked for in the help.
#
# What cannot be typed here is in ELSEWHERE, with the reason; a command that is neither typed nor in there fails, and so does a row
# that no command needs.
"""See above."""

import os
import re
import signal
import subprocess
import sys
import time

SOURCE, HOME = sys.argv[1:3]
ALICE, BOB = [argument.split() for argument in sys.argv[3:5]]
# The examples of nsnetctl(1) are typed by test_manual.sh, with more between them.
BY_OTHERS = ["client/nsnetctl.1"]
DOCUMENTS = [*BY_OTHERS, "README.md", "client/nsnet-topology.5", "daemon/nsnetd.8", "daemon/nsnetd.conf.5"]
PATIENCE = 60

# A pattern of commands, and why they are not typed here. SYSTEM: the same words are typed in tests/system, where systemd runs.
SYSTEM = "needs a machine with systemd, and is typed in tests/system"
ELSEWHERE = [
    (r"\./run \w+.*", "installs packages on the machine, builds, and runs this very test"),
    (r"cmake .*", "builds: tests/system/build.sh does"),
    (r"\(cd build/release && cpack\)", "needs a build for the system: tests/system/build.sh does"),
    (r"ctest .*", "runs this very test"),
    (r"apt-get .*", "installs on the machine or removes from it: tests/system/checks_package.sh does it with dpkg(1)"),
    (r"adduser alice nsnet", "changes who there is on the machine"),
    (r"podman run .*", "needs an image from the internet"),
    (r"nsnetctl set vpn --allow @vpnusers", "needs a group of that name: tests/system lends to a group of its own"),
    (r"nsnetctl exec vpn (curl .*|ip link set wg0 down|id)", "systemd runs programs in what is lent: tests/system does it, by users of its own"),
    (r"varlinkctl .*", SYSTEM),
    (r"systemctl .*", SYSTEM),
    (r"journalctl .*", SYSTEM),
]

failures = []
typed = 0
background = []


def fail(where, text):
    failures.append(where)
    print(f"not ok - {where}\n" + "\n".join("    " + line for line in text.splitlines()), flush=True)


class Command:
    """One of a document, with the lines that it is said to print, or None."""

    def __init__(self, document, number, user, text):
        self.document, self.number, self.user, self.text = document, number, user, text
        self.output = []

    def __str__(self):
        return f"{self.document}:{self.number}: {self.text}"


def commands_of(block, document, number):
    """Those of a block's lines."""
    found = []
    for line in block:
        number += 1
        prompt = re.match(r"(alice\$|bob\$|#|\$) (\S.*)", line)
        if found and found[-1].text.endswith("\\"):
            found[-1].text = found[-1].text[:-1].rstrip() + " " + line.strip()
        elif prompt:
            found.append(Command(document, number, "alice" if prompt[1] == "alice$" else "bob" if prompt[1] == "bob$" else "root", prompt[2]))
        elif found:
            found[-1].output.append(line)
    for command in found:
        while command.output and not command.output[-1]:
            command.output.pop()
    return found


def markdown(path):
    """Lists of commands: one for each heading, and each cell of a table."""
    groups, block, start = [[]], None, 0
    for number, line in enumerate(open(os.path.join(SOURCE, path), encoding="utf-8").read().splitlines(), 1):
        if line.startswith("```"):
            if block is not None:
                groups[-1] += commands_of(block, path, start)
            block, start = (None, 0) if block is not None else ([], number)
        elif block is not None:
            block.append(line)
        elif line.startswith("#") or "<td>" in line or "</table>" in line:
            groups.append([])
    return groups


def manual(path):
    """The same of a manual's sections."""
    groups, block, start = [[]], None, 0
    for number, line in enumerate(open(os.path.join(SOURCE, path), encoding="utf-8").read().splitlines(), 1):
        line = line.replace("\\-", "-").replace("\\e", "\\").replace("\\(dq", '"')
        if re.match(r"\.Bd -literal", line):
            block, start = [], number
        elif line == ".Ed" and block is not None:
            groups[-1] += commands_of(block, path, start)
            block = None
        elif block is not None:
            block.append(line)
        elif line.startswith(".Dl "):
            text = line[4:]
            groups[-1] += commands_of([text if re.match(r"[#$] ", text) else "# " + text], path, number - 1)
        elif re.match(r"\.S[hs] ", line):
            groups.append([])
    return groups


def is_printed(wanted, got):
    """Whether lines are those that are shown."""
    if not wanted:
        return not got
    if wanted[0] == "...":
        return any(is_printed(wanted[1:], got[i:]) for i in range(len(got) + 1))
    if not got:
        return False
    if wanted[0].endswith("..."):
        return got[0].startswith(wanted[0][:-3]) and is_printed(wanted[1:], got[1:])
    return got[0].rstrip() == wanted[0].rstrip() and is_printed(wanted[1:], got[1:])


def start(command):
    """As its user types it."""
    who = {"alice": ALICE, "bob": BOB, "root": []}[command.user]
    return subprocess.Popen([*who, "bash", "-c", command.text.removesuffix("&")], cwd=HOME, stdin=subprocess.DEVNULL,
                            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, start_new_session=True)


def end(process):
    """With all that it has started."""
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        pass
    process.wait()


def run(command):
    """Its status and its output."""
    process = start(command)
    try:
        output, _ = process.communicate(timeout=PATIENCE)
        return process.returncode, output
    except subprocess.TimeoutExpired:
        end(process)
        return "no end", process.stdout.read()


HAS_NETEM = '"netem"' in subprocess.run(["nsnetctl", "call", "Describe"], capture_output=True, text=True, check=True).stdout


def is_done(command, status, output):
    """Whether it did what it is said to."""
    # A kernel without it is told of, with what mends that.
    if re.search("--(delay|loss) [0-9]", command.text) and not HAS_NETEM:
        return status == 1 and "modprobe sch_netem" in output
    if command.output and not is_printed(command.output, output.splitlines()):
        return False
    # What finds something wrong says so by its status, too.
    finds = command.text.startswith("nsnetctl check") and (any(line.startswith("failure") for line in output.splitlines()))
    return status == (1 if finds else 0)


def type_in(command, is_beside):
    """One command; is_beside: what it needs may only just be coming."""
    global typed
    typed += 1
    if re.match(r"cat \S+\.json$", command.text) and command.output:
        with open(os.path.join(HOME, command.text.split()[1]), "w", encoding="utf-8") as file:
            file.write("\n".join(command.output) + "\n")
    if command.text.endswith("&"):
        background.append(start(command))
        print(f"ok - {command}", flush=True)
        return
    limit = time.monotonic() + (20 if is_beside else 0)
    while True:
        status, output = run(command)
        if is_done(command, status, output):
            print(f"ok - {command}", flush=True)
            return
        if time.monotonic() > limit:
            break
        time.sleep(0.1)
    fail(command, f"exit {status}, and it printed\n{output}" + ("and not\n" + "\n".join(command.output) if command.output else ""))


def shell(text):
    """What the test itself does."""
    return subprocess.run(["bash", "-c", text], cwd=HOME, capture_output=True, text=True, check=False)


def begin_anew():
    """No namespace, no network, and no rules of others."""
    for process in background:
        end(process)
    background.clear()
    done = shell("""set -e
        nsnetctl list --quiet | xargs --no-run-if-empty nsnetctl delete --kill --wait
        nsnetctl network list --quiet | xargs --no-run-if-empty nsnetctl network delete
        nft list tables | grep -v nsnetd | sed 's/^table/delete table/' | nft -f -
        rm -rf ./*
        ip address replace 10.64.0.2/32 dev wg0""")
    if done.returncode != 0:
        fail("what was typed goes again", done.stdout + done.stderr)


# What the text around a command has in place before it.
BEFORE = {
    "make check": "printf 'check:\\n\\t! ip route get 192.0.2.1\\n' >Makefile",
}


def elsewhere(command):
    """The row that has it, or None."""
    for row in ELSEWHERE:
        if re.fullmatch(row[0], command.text):
            return row
    return None


def spoken_of(path):
    """Commands within sentences."""
    text = open(os.path.join(SOURCE, path), encoding="utf-8").read()
    if path.endswith(".md"):
        text = re.sub(r"```.*?```", "", text, flags=re.S)
        return re.findall(r"`((?:nsnetctl|nsnetd) [^`]+)`", text)
    return [span.replace("\\-", "-") for span in re.findall(r"^\.Ql ((?:nsnetctl|nsnetd) .*?)(?: [.,;:])?$", text, flags=re.M)]


def check_spoken(document, span):
    """It begins as a command does, and has the options that there are."""
    words = span.split("|")[0].split()
    if words[0] == "nsnetctl" and words[1].startswith("-"):
        helps = ["nsnetctl", "help"]
    elif words[0] == "nsnetctl":
        helps = ["nsnetctl", "help", *words[1:3 if words[1] == "network" else 2]]
    else:
        helps = ["nsnetd", "--help"]
    text = subprocess.run(helps, capture_output=True, text=True, check=False)
    missing = [word for word in words if word.startswith("-") and word.split("=")[0] not in text.stdout]
    if text.returncode != 0 or missing:
        fail(f"{document}: {span}", f"there is no {' '.join(missing) or 'such verb'}:\n{text.stdout}{text.stderr}")
    return 1


def is_typed_in_system(command):
    """By the words of it that are no options of how it prints."""
    texts = ""
    directory = os.path.join(SOURCE, "tests/system")
    for name in os.listdir(directory):
        if name.endswith(".sh"):
            texts += open(os.path.join(directory, name), encoding="utf-8").read()
    wanted = command.text.replace("/run/nsnetd/alt.nsnet ", "$socket ")
    return wanted in texts


def main():
    """All documents, one after the other."""
    used, n_spoken = set(), 0
    for document in DOCUMENTS:
        n_spoken += sum(check_spoken(document, span) for span in spoken_of(document))
        if document in BY_OTHERS:
            continue
        for group in (markdown if document.endswith(".md") else manual)(document):
            here = [command for command in group if not elsewhere(command)]
            for command in group:
                row = elsewhere(command)
                if row:
                    used.add(row)
                    if row[1] == SYSTEM and not is_typed_in_system(command):
                        fail(command, "is typed nowhere in tests/system")
            if not here:
                continue
            begin_anew()
            is_beside = False
            for command in here:
                for text, before in BEFORE.items():
                    if text in command.text:
                        shell(before)
                type_in(command, is_beside)
                is_beside = is_beside or command.text.endswith("&")
    begin_anew()
    for row in ELSEWHERE:
        if row not in used:
            fail(row[0], "is in no document any more")
    print(f"{typed} commands typed, {n_spoken} spoken of, {len(failures)} of them wrong")
    sys.exit(1 if failures or typed < 90 or n_spoken < 10 else 0)


main()
