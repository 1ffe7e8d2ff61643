"""Runtime and C library with every access to memory watched by the thread sanitizer, the Swift ones too: for tools/soak and
tools/test-sanitizers.

Swift 6.3.1 makes no valid code of Sources/Martlet under -sanitize=thread: its own pass over inout accesses is in the way. So the
compiler writes LLVM's intermediate representation without it, each function there is marked for the sanitizer, and clang, which
reads the same representation, instruments what both compilers made alike."""

import argparse
import re
import shutil
import subprocess
import sys
from pathlib import Path

sys.dont_write_bytecode = True
import scratch  # noqa: E402

ROOT = Path(__file__).resolve().parent.parent
SWIFT = ["-swift-version", "6", "-enable-experimental-feature", "Lifetimes", "-wmo", "-parse-as-library", "-O"]
EMBEDDED = ["-enable-experimental-feature", "Embedded", "-no-allocations", "-Xfrontend", "-disable-stack-protector"]


def marked(text):
    """The representation with `sanitize_thread` on every function that it defines."""
    lines = text.splitlines()
    for number, line in enumerate(lines):
        if not line.startswith("define "):
            continue
        # Behind the parameters, whose attributes have parentheses themselves.
        place = re.search(r'@(?:"[^"]*"|[\w.$]+)\(', line).end()
        depth = 1
        while depth:
            depth += {"(": 1, ")": -1}.get(line[place], 0)
            place += 1
        place += re.match(r"(?: (?:local_)?unnamed_addr)?", line[place:]).end()
        lines[number] = line[:place] + " sanitize_thread" + line[place:]
    return "\n".join(lines) + "\n"


def run(command):
    subprocess.run([str(word) for word in command], check=True)


def swift_object(tools, folder, name, options, sources=None):
    """A module and its object file, which must call the sanitizer."""
    raw, source, made = folder / f"{name}.raw.ll", folder / f"{name}.ll", folder / f"{name}.o"
    command = [tools / "swiftc"] + SWIFT + options + ["-module-name", name]
    sources = sources or swift_sources(name)
    run(command + ["-emit-module", "-emit-module-path", folder / f"{name}.swiftmodule"] + sources)
    run(command + ["-emit-ir"] + sources + ["-o", raw])
    source.write_text(marked(raw.read_text()))
    run([tools / "clang", "-O1", "-g", "-fsanitize=thread", "-c", source, "-o", made])
    names = subprocess.run([tools / "llvm-nm", "--undefined-only", made], check=True, capture_output=True, text=True).stdout
    if "__tsan_write" not in names or "__tsan_read" not in names:
        raise SystemExit(f"{name} has no watched accesses")
    return made


def c_objects(tools, folder, paths):
    """Object files of C."""
    made = []
    for path in paths:
        made.append(folder / f"{path.stem}.o")
        run([tools / "clang", "-O1", "-g", "-fsanitize=thread", "-std=gnu17", "-ffp-contract=off", "-fno-math-errno",
             f"-I{ROOT}/CShim/include", f"-I{ROOT}/CShim/Library/include", f"-I{ROOT}/CShim/Host/include", "-c", path, "-o", made[-1]])
    return made


def kernels():
    return [path for path in sorted((ROOT / "CShim").glob("*.c")) if not path.name.startswith(("float_", "x86_float_"))]


def swift_sources(name):
    return sorted((ROOT / "Sources" / name).rglob("*.swift"))


def maps(folder, *names):
    """Options that make headers modules."""
    options = []
    for name, header in names:
        path = folder / f"{name}.modulemap"
        path.write_text(f'module {name} {{ header "{ROOT}/{header}" export * }}\n')
        options += ["-Xcc", f"-fmodule-map-file={path}"]
    return options


def build(tools, folder):
    """The library's object files in `folder`, made with the Swift toolchain whose programs lie in `tools`."""
    options = EMBEDDED + maps(folder, ("CShim", "CShim/include/CShim.h")) + [
        "-Xcc", f"-fmodule-map-file={ROOT}/CShim/Library/include/module.modulemap"]
    return [swift_object(tools, folder, "Martlet", options), swift_object(tools, folder, "CLibrary", options + ["-I", folder])] \
        + c_objects(tools, folder, kernels() + sorted((ROOT / "CShim/Library").glob("*.c")))


def build_threads(tools, folder, program):
    """tools/threads-stress.swift with the runtime and its threads as the tool has them, not embedded."""
    options = maps(folder, ("CShim", "CShim/include/CShim.h"), ("CHost", "CShim/Host/include/CHost.h")) + ["-I", folder]
    objects = [swift_object(tools, folder, "Martlet", options), swift_object(tools, folder, "Threads", options),
               swift_object(tools, folder, "Stress", options, [ROOT / "tools/threads-stress.swift"])]
    host = [ROOT / "CShim/Host" / name for name in ("host.c", "pool.c")]
    objects += c_objects(tools, folder, kernels() + host)
    run([tools / "swiftc", "-sanitize=thread"] + objects + ["-lm", "-o", program])


def toolchain():
    """Where the Swift toolchain's programs lie."""
    compiler = shutil.which("swiftc") or sys.exit("swiftc is not in PATH; install the Swift toolchain")
    return Path(compiler).resolve().parent


def main():
    parser = argparse.ArgumentParser(
        description="Builds tools/threads-stress.swift with every access watched by the thread sanitizer.")
    parser.add_argument("program", help="where to put it")
    with scratch.folder() as folder:
        build_threads(toolchain(), Path(folder), parser.parse_args().program)


if __name__ == "__main__":
    main()
