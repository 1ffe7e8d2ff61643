"""Builds the shared library where the package comes from a checkout, and marks the wheel as one for this processor."""

import shutil
import subprocess
from pathlib import Path

from setuptools import Distribution, setup
from setuptools.command.build_py import build_py

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent


class BuildWithLibrary(build_py):
    """Takes the library that tools/build-c-library made, or makes it."""

    def run(self):
        library = HERE / "martlet" / "libmartlet.so"
        built = ROOT / ".build" / "c-library" / "libmartlet.so"
        if not built.exists() and (ROOT / "tools" / "build-c-library").exists():
            subprocess.run([str(ROOT / "tools" / "build-c-library")], check=True)
        if built.exists():
            shutil.copyfile(built, library)
        if not library.exists():
            raise SystemExit("libmartlet.so is not there: run tools/build-c-library in the checkout first")
        super().run()


try:
    from wheel.bdist_wheel import bdist_wheel
except ImportError:
    from setuptools.command.bdist_wheel import bdist_wheel


class PlatformWheel(bdist_wheel):
    """A wheel for any Python 3 of this processor."""

    def get_tag(self):
        return ("py3", "none", super().get_tag()[2])


class WithLibrary(Distribution):
    """What setuptools takes for a package of one processor."""

    def has_ext_modules(self):
        return True


setup(distclass=WithLibrary, cmdclass={"build_py": BuildWithLibrary, "bdist_wheel": PlatformWheel})
