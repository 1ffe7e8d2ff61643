"""The fenced blocks of Markdown documents, as commands and programs that can be run."""
import dataclasses
import re

COMMAND = re.compile(r"([A-Z_]+=\S+ )*(martlet|martlet-run|tools/\S+|\.build/\S+|\./\S+|swift|pip|python3?|cc|cd|man|curl|cp|mkdir)\b")
PROGRAMS = ("swift", "c", "python")


@dataclasses.dataclass
class Block:
    """One fenced block."""
    document: str
    line: int
    language: str
    lines: list
    # Why it is not run at all, or only with --all.
    never: str = ""
    slow: str = ""
    # Words of a slow block, and the words that it is tried with instead.
    shorter: dict = dataclasses.field(default_factory=dict)

    @property
    def place(self):
        return f"{self.document}:{self.line}"

    @property
    def is_program(self):
        return self.language in PROGRAMS

    @property
    def commands(self):
        """Commands with their continuation lines; none in blocks that show output or a drawing."""
        if self.language not in ("", "sh"):
            return []
        joined = re.sub(r"\\\n\s*", "", "\n".join(self.lines))
        for words, others in self.shorter.items():
            pattern = rf"(?<!\S){re.escape(words)}(?!\S)"
            assert re.search(pattern, joined), f"{self.place}: no command has {words}"
            joined = re.sub(pattern, lambda _: others, joined)
        joined = joined.splitlines()
        commands = [line for line in joined if line.strip() and not line.lstrip().startswith("#")]
        return commands if commands and COMMAND.match(commands[0]) else []

    @property
    def text(self):
        return "\n".join(self.lines)


# Every Debian system has them.
ORDINARY = {"cd", "cp", "mkdir"}
OTHER_NAMES = {"swift": "swiftc", "python": "python3"}


def programs(found):
    """The programs that commands of these blocks begin with, by the names that `martlet doctor` has for them, and where."""
    named = {}
    for block in found:
        for command in block.commands:
            for part in re.split(r"&&|\||;", re.sub(r"\s#.*|'[^']*'", "", command)):
                word = re.sub(r"^\s*([A-Z_]+=\S+\s+)*", "", part).split(" ")[0].strip()
                if re.fullmatch(r"[a-z][\w-]*", word) and word not in ORDINARY and not word.startswith("martlet"):
                    named[OTHER_NAMES.get(word, word)] = block.place
    return named


HELP_LEFT_OUT = {
    "/srv/": ("never", "writes outside the scratch folder"),
    "martlet serve ": ("never", "serves until it is stopped; ServeTests and tools/test-page start it"),
    "values.npz": ("never", "needs the tensors of another program"),
    "resnet-18": ("slow", "packs a network of 11 million parameters"),
}


def help_blocks(description):
    """The examples in `martlet COMMAND --help`, from what the tool says of itself. Those that make files come first."""
    found = []
    commands = sorted(description["command"]["subcommands"], key=lambda command: command["commandName"] != "sign")
    for command in commands:
        for line in (command.get("discussion") or "").splitlines():
            example = re.sub(r"^\s*([A-Z][\w ,]*:)?\s*", "", line)
            if re.match(r"martlet [a-z]+ ", example) and not re.search(r"`|\b[A-Z]{4,}\b", example):
                block = Block(f"martlet {command['commandName']} --help", 1, "sh", [example])
                for part, (kind, reason) in HELP_LEFT_OUT.items():
                    if part in example and "inspect" not in example and "architectures" not in example:
                        setattr(block, kind, reason)
                found.append(block)
    return found


def blocks(path, name):
    """All blocks of a document. A comment before a block is for it: <!-- not run: REASON -->, <!-- slow: REASON -->, or
    <!-- slow: REASON; tried with WORDS → OTHERS, … --> for what is too much even for --all."""
    found, current, remark = [], None, ""
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        fence = re.match(r"\s*```(\S*)", line)
        if current is not None:
            if fence:
                found.append(current)
                current, remark = None, ""
            else:
                current.lines.append(line)
        elif fence:
            current = Block(name, number, fence[1], [])
            mark = re.match(r"<!-- (not run|slow): (.+) -->$", remark)
            if mark:
                reason, _, shorter = mark[2].partition("; tried with ")
                setattr(current, "never" if mark[1] == "not run" else "slow", reason)
                current.shorter = dict(pair.split(" → ") for pair in shorter.split(", ")) if shorter else {}
        elif line.strip():
            remark = line.strip()
    return found
