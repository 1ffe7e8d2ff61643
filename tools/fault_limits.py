"""What martlet does where a disk, a folder, a file or memory fails it: for tools/kill-test --faults."""

import os
import random
import shutil
import subprocess
import time
from collections import Counter

from fault_cases import digest, finished, remove, restore, run

# Limits of the address space in megabytes: from what the program cannot even be loaded in to enough for all.
ADDRESS_SPACE = [40, 60, 65, 70, 75, 80, 85, 90, 100, 120, 150, 200, 300, 500, 1000]


def ending(case, returncode, errors, before, output=None, may_be_gone=False):
    """"whole", "refused" (with a sentence, the older output in place), or what is broken."""
    output = output or case.output
    after = digest(output)
    sentence = errors.decode(errors="replace").strip()
    case.clean()
    if returncode < 0 or returncode >= 128:
        return f"BROKEN: {case.name} ended with status {returncode}: {sentence[-200:]}"
    if after is not None and not case.is_whole(output):
        return f"BROKEN: {case.name} left a part"
    if returncode == 0:
        return "whole" if after is not None else f"BROKEN: {case.name} wrote nothing and succeeded"
    if not sentence:
        return f"BROKEN: {case.name} failed without a sentence"
    if after != before and not may_be_gone and not output.is_dir():
        return f"BROKEN: {case.name} failed and changed its output"
    return "refused"


def on_small_disk(case, backup, read_only):
    """On a file system of its own, with the older result in it: read-only, or with little room left."""
    size = sum(p.stat().st_size for p in backup.rglob("*")) if backup.is_dir() else backup.stat().st_size
    counts = Counter()
    mount = case.output.parent / "disk"
    rooms = [None] * 3 if read_only else [0, 4096, size // 8, size // 4, size // 2, size - 8192]
    for room in rooms:
        mount.mkdir(exist_ok=True)
        subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={(2 * size // 4096 + 64) * 4096}", "none", str(mount)], check=True)
        try:
            output = mount / "out"
            restore(backup, output)
            if read_only:
                subprocess.run(["mount", "-o", "remount,ro", str(mount)], check=True)
            else:
                free = os.statvfs(mount).f_bavail * os.statvfs(mount).f_frsize
                (mount / "filler").write_bytes(bytes(max(0, free - max(0, room))))
            before = digest(output)
            ended = run(case.command(output))
            counts[ending(case, ended.returncode, ended.stderr, before, output)] += 1
        finally:
            subprocess.run(["umount", str(mount)], check=True)
            mount.rmdir()
    return counts


def in_little_memory(case, backup):
    """Under limits of the address space."""
    counts = Counter()
    for megabytes in ADDRESS_SPACE:
        restore(backup, case.output)
        before = digest(case.output)
        ended = run(["/bin/sh", "-c", f'ulimit -v {megabytes * 1000}; exec "$0" "$@"'] + case.command())
        counts[ending(case, ended.returncode, ended.stderr, before)] += 1
    return counts


def two_at_once(case, backup, rounds):
    """Two processes on one output."""
    counts = Counter()
    for number in range(rounds):
        if number % 2:
            restore(backup, case.output)
        else:
            remove(case.output)
        before = digest(case.output)
        both = [subprocess.Popen(case.command(), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE) for _ in range(2)]
        errors = [finished(process) for process in both]
        for process, error in zip(both, errors):
            counts[ending(case, process.returncode, error, before, may_be_gone=True)] += 1
    return counts


def while_mapped(case, backup, seconds, rounds, changes_length, generator):
    """The packed model that is read is cut short, or another takes its place, at a random moment."""
    counts = Counter()
    for _ in range(rounds):
        restore(backup, case.output)
        before = digest(case.output)
        model, other = case.output.parent / "read.martlet", case.output.parent / "other.martlet"
        shutil.copyfile(case.model, model)
        shutil.copyfile(case.model, other)
        process = subprocess.Popen(case.command(model=model), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        time.sleep(generator.uniform(0, seconds))
        if changes_length:
            os.truncate(model, generator.randrange(model.stat().st_size))
        else:
            os.replace(other, model)
        errors = finished(process)
        counts[ending(case, process.returncode, errors, before)] += 1
        model.unlink()
        other.unlink(missing_ok=True)
    return counts


def faults(case, generator, rounds, known):
    """{fault: counts of endings} of one command; what is known is not tried again."""
    remove(case.output)
    start = time.monotonic()
    first = run(case.command())
    seconds = time.monotonic() - start
    if first.returncode != 0 or not case.is_whole():
        return {"usual": Counter({"BROKEN: " + first.stderr.decode()[-200:]: 1})}
    backup = case.output.parent / "backup"
    restore(case.output, backup)
    trials = {
        "full disk": lambda: on_small_disk(case, backup, read_only=False),
        "read-only folder": lambda: on_small_disk(case, backup, read_only=True),
        "address space": lambda: in_little_memory(case, backup),
        "two at once": lambda: two_at_once(case, backup, rounds),
    }
    if case.model is not None:
        trials["model cut short"] = lambda: while_mapped(case, backup, seconds, rounds, True, generator)
        trials["model replaced"] = lambda: while_mapped(case, backup, seconds, rounds, False, generator)
    return {name: known.get(name) or trial() for name, trial in trials.items()}
