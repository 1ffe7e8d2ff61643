"""The commands of martlet that write files, each with small inputs, and what tells a whole result: for tools/kill-test."""

import hashlib
import random
import shutil
import subprocess
from pathlib import Path


def digest(path):
    """What is at a path: of a file its digest, of a folder one a file, None of nothing."""
    if path.is_dir():
        return {str(p.relative_to(path)): digest(p) for p in sorted(path.rglob("*")) if p.is_file()}
    return hashlib.sha256(path.read_bytes()).hexdigest() if path.exists() else None


def remove(path):
    """Removes a file or a folder, if there is one."""
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def restore(backup, output):
    """Puts a copy of an older result in its place."""
    remove(output)
    if backup.is_dir():
        shutil.copytree(backup, output)
    else:
        shutil.copyfile(backup, output)


# Seconds after which a run hangs.
PATIENCE = 180


def run(command):
    """A run to its end, or to its kill when it hangs."""
    words = [str(word) for word in command]
    try:
        return subprocess.run(words, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, timeout=PATIENCE)
    except subprocess.TimeoutExpired:
        return subprocess.CompletedProcess(words, -9, b"", b"it hangs")


def finished(process):
    """What a started process wrote to its standard error, at its end or its kill when it hangs."""
    try:
        return process.communicate(timeout=PATIENCE)[1]
    except subprocess.TimeoutExpired:
        process.kill()
        return process.communicate()[1] + b"it hangs"


class Case:
    """A command, what it reads, the file or folder that it writes, and how to tell a whole result."""

    def __init__(self, martlet, name, words, output, model, is_whole):
        self.martlet, self.name, self.words, self.output, self.model = martlet, name, words, output, model
        self.check = is_whole
        self.whole = set()

    def command(self, output=None, model=None):
        """The words of the command with this output and this packed model, by default its own."""
        return [str(word) for word in [self.martlet] + self.words(output or self.output, model or self.model)]

    def is_whole(self, output=None):
        """Whether a whole result is there; the same bytes are judged once."""
        output = output or self.output
        key = str(digest(output))
        if key not in self.whole and output.exists() and self.check(output):
            self.whole.add(key)
        return key in self.whole

    def parts(self):
        """{(path, time)} of the files that writers have, or had, beside its output."""
        return {(str(p), p.stat().st_mtime_ns) for p in self.output.parent.rglob("*.part")}

    def clean(self):
        """Removes what an ended run may leave beside its output."""
        for path, _ in self.parts():
            Path(path).unlink()


def write_pictures(folder):
    """Twelve dark and twelve bright pictures a half."""
    generator = random.Random(1)
    for half in ("train", "test"):
        for label in ("dark", "bright"):
            (folder / half / label).mkdir(parents=True)
            for index in range(12):
                base = 40 if label == "dark" else 180
                pixels = bytes(base + generator.randrange(40) for _ in range(32 * 32))
                (folder / half / label / f"{index}.pgm").write_bytes(b"P5 32 32 255\n" + pixels)


def make_cases(martlet, folder):
    """The inputs' folder, and the cases, in `folder`."""
    inputs = folder / "inputs"
    inputs.mkdir()
    model, key, photos = inputs / "model.martlet", inputs / "key", inputs / "photos"
    for command in (["convert", "--architecture", "LeNet-5", "--random-weights", "1", "-o", model], ["sign", "--new-key", key]):
        subprocess.run([martlet] + command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    write_pictures(photos)

    def verifies(path):
        return run([martlet, "verify", path]).returncode == 0

    def has_tensors(path):
        head = path.read_bytes()[:8]
        return len(head) == 8 and path.stat().st_size > 8 + int.from_bytes(head, "little")

    def deployed(path):
        found = subprocess.run([martlet, "deploy", str(path), "--which"], capture_output=True, text=True)
        return found.returncode == 0 and verifies(found.stdout.strip())

    made = []

    def add(name, words, is_whole, reads=True):
        (folder / name).mkdir()
        made.append(Case(martlet, name, words, folder / name / "out", model if reads else None, is_whole))

    add("convert", lambda o, m: ["convert", "--architecture", "LeNet-5", "--random-weights", "2", "-o", o], verifies, reads=False)
    add("train", lambda o, m: ["train", "LeNet-5", "--data", photos, "--epochs", "2", "--batch", "8", "-o", o], has_tensors,
        reads=False)
    add("finetune", lambda o, m: ["finetune", m, "--data", photos / "train", "-o", o], verifies)
    if "--aware-epochs" in subprocess.run([martlet, "finetune", "--help"], capture_output=True, text=True).stdout:
        weights, trained = inputs / "weights.safetensors", inputs / "trained.martlet"
        for command in (["train", "LeNet-5", "--data", photos, "--epochs", "1", "--batch", "8", "-o", weights],
                        ["convert", weights, "--architecture", "LeNet-5", "--preset", "mnist", "--calibrate", photos, "-o", trained]):
            subprocess.run([martlet] + command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        # A killed run leaves its state beside the output, and the next one goes on from it.
        add("finetune-from", lambda o, m: ["finetune", m or trained, "--data", photos, "--from", weights, "--architecture", "LeNet-5",
                                           "--all", "--epochs", "3", "--quantize-aware", "--aware-epochs", "2", "--batch", "8",
                                           "-o", o], verifies, reads=False)
    add("sign", lambda o, m: ["sign", m, "--key", f"{key}.secret", "-o", o], verifies)
    add("deploy", lambda o, m: ["deploy", o, m], deployed)
    add("selftest", lambda o, m: ["selftest", m, "-o", o], verifies)
    return inputs, made
