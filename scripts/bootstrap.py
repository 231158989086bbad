"""Makes .venv and installs Flaskship into it, from locked requirements; needs nothing but Python.

With `checkov` it makes .venv-checkov instead: that scanner pins much that Flaskship has in other versions.

Written so that any Python 3 can read it far enough to say that it is too old.
"""

from __future__ import print_function

import hashlib
import os
import shutil
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
# What can be set up: the locked requirements, the folder, and the command that says that it is there.
PARTS = {
    "runtime": ("flaskship.txt", ".venv", "flaskship"),
    "dev": ("dev.txt", ".venv", "flaskship"),
    "checkov": ("checkov.txt", ".venv-checkov", "checkov"),
}
WHICH = sys.argv[1] if len(sys.argv) > 1 else "runtime"
REQUIREMENTS = os.path.join(ROOT, "requirements", PARTS[WHICH][0])
VENV = os.path.join(ROOT, PARTS[WHICH][1])
COMMAND = os.path.join(VENV, "bin", PARTS[WHICH][2])
LOG = os.path.join(VENV, "bootstrap.log")
OLDEST = (3, 11)
NEEDED_BYTES = 700 * 1024 * 1024
SYMPTOMS = (
    ("No space left on device", "the disk is full: free about 1 GB and run the same command again"),
    (
        "CERTIFICATE_VERIFY_FAILED",
        "the package index shows a certificate that this machine does not trust: name your authority's file"
        " with PIP_CERT=/path/to/ca.pem",
    ),
    (
        "DO NOT MATCH THE HASHES",
        "the package index served another file than the locked one: ask whoever runs the index",
    ),
    (
        "Failed to establish a new connection",
        "the package index cannot be reached: check the network, or name a mirror (PIP_INDEX_URL) or a"
        " folder of wheels (PIP_NO_INDEX=1 PIP_FIND_LINKS=/folder)",
    ),
    (
        "Temporary failure in name resolution",
        "the package index cannot be found: check the network or PIP_INDEX_URL",
    ),
    ("Name or service not known", "the package index cannot be found: check the network or PIP_INDEX_URL"),
    ("Permission denied", "a file below .venv cannot be written: give your user the project's folder"),
    (
        "No matching distribution found",
        "the package index cannot be reached or lacks a package: check the network, or name a mirror"
        " (PIP_INDEX_URL) or a folder of wheels (PIP_NO_INDEX=1 PIP_FIND_LINKS=/folder)",
    ),
    (
        "ConnectTimeoutError",
        "the package index does not answer: check the network, or name a mirror with PIP_INDEX_URL",
    ),
    ("Read timed out", "the package index answers too slowly: run the same command again"),
)


def main(which):
    if sys.version_info < OLDEST:
        return refuse("Flaskship needs Python 3.11 or later, and this is %d.%d" % sys.version_info[:2])
    wanted = fingerprint(REQUIREMENTS)
    if ready(which, wanted) or (which == "runtime" and ready("dev", fingerprint(dev_file()))):
        compile_sources()
        return 0
    problem = preflight()
    if problem:
        return refuse(problem)
    say("Setting up " + PARTS[which][1] + " with Python %d.%d.%d (once)" % sys.version_info[:3])
    try:
        if not os.path.exists(os.path.join(VENV, "bin", "pip")) or not same_interpreter():
            create()
        install(["--require-hashes", "-r", REQUIREMENTS], count(REQUIREMENTS))
        if which != "checkov":
            install(["--no-deps", "--no-build-isolation", "-e", ROOT], 1)
        with open(stamp(which), "w") as file:
            file.write(wanted)
        compile_sources()
    except Failed as failure:
        return refuse(str(failure))
    except OSError as error:
        return refuse("%s: %s" % (error.filename or VENV, error.strerror))
    say("Ready: " + os.path.relpath(COMMAND, ROOT))
    return 0


class Failed(Exception):
    """One sentence with the way out."""


def fingerprint(requirements):
    parts = [sys.version, ROOT]
    for name in (requirements, os.path.join(ROOT, "pyproject.toml")):
        with open(name) as file:
            # The tools' settings further down ask for nothing to be installed.
            parts.append(file.read().split("[tool.ruff]")[0])
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()


def dev_file():
    return os.path.join(ROOT, "requirements", "dev.txt")


def stamp(which):
    return os.path.join(VENV, ".installed-" + which)


def ready(which, wanted):
    try:
        with open(stamp(which)) as file:
            return file.read() == wanted and os.path.exists(COMMAND)
    except (IOError, OSError):
        return False


def preflight():
    try:
        import ensurepip  # noqa: F401
        import venv  # noqa: F401
    except ImportError:
        return (
            "Python at %s cannot make virtual environments: install its venv module"
            " (Debian, Ubuntu: apt install python3-venv), or name another Python with PYTHON="
            % sys.executable
        )
    if not os.access(ROOT, os.W_OK):
        return "%s cannot be written: give your user that folder, or clone the project elsewhere" % ROOT
    free = shutil.disk_usage(ROOT).free
    if free < NEEDED_BYTES:
        return "%s has %d MB free, and Flaskship needs about %d MB: free some space" % (
            ROOT,
            free // 2**20,
            NEEDED_BYTES // 2**20,
        )
    return None


def same_interpreter():
    python = os.path.join(VENV, "bin", "python")
    try:
        told = subprocess.check_output(
            [python, "-c", "import sys; print(sys.version)"], stderr=subprocess.STDOUT
        )
    except (OSError, subprocess.CalledProcessError):
        return False
    return told.decode().strip() == sys.version.replace("\r", "").strip()


def create():
    import venv

    say("  making a virtual environment")
    try:
        venv.EnvBuilder(clear=True, with_pip=True, symlinks=True).create(VENV)
    except subprocess.CalledProcessError as error:
        text = (error.output or b"").decode(errors="replace")
        raise Failed(
            explain(text) or "no virtual environment could be made in %s: %s" % (VENV, text.strip()[-300:])
        )


def install(arguments, total):
    command = [os.path.join(VENV, "bin", "python"), "-m", "pip", "install", "--disable-pip-version-check"]
    environment = dict(os.environ, PYTHONUNBUFFERED="1")
    # pip reads REQUESTS_CA_BUNDLE first, then its own setting, and SSL_CERT_FILE never.
    for name in ("PIP_CERT", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE"):
        if environment.get(name):
            environment["REQUESTS_CA_BUNDLE"] = environment[name]
            break
    environment.pop("PYTHONPATH", None)
    tail = []
    done = 0
    with open(LOG, "a") as log:
        process = subprocess.Popen(
            command + arguments,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env=environment,
            cwd=ROOT,
            universal_newlines=True,
        )
        try:
            for line in process.stdout:
                log.write(line)
                tail = (tail + [line])[-60:]
                if line.startswith(("Collecting ", "Obtaining ")):
                    done += 1
                    step(done, total, line.split(" (")[0].strip())
                elif line.startswith("Installing collected"):
                    step(total, total, "installing %d packages" % total)
        except KeyboardInterrupt:
            process.terminate()
            process.wait()
            raise
        code = process.wait()
    if TERMINAL:
        print("\r\033[K", end="")
    if code:
        text = "".join(tail)
        why = explain(text) or "pip could not install the requirements: %s" % (
            tail[-1].strip() if tail else "no word"
        )
        raise Failed("%s\n  details: %s" % (why, os.path.relpath(LOG, ROOT)))


def compile_sources():
    """Compile what changed, so that no process of ours does at each of its starts.

    Python would do it by itself, but not where PYTHONDONTWRITEBYTECODE is set.
    """
    import compileall

    compileall.compile_dir(os.path.join(ROOT, "src"), quiet=2)


def explain(text):
    for symptom, sentence in SYMPTOMS:
        if symptom.lower() in text.lower():
            return sentence
    return None


def count(requirements):
    with open(requirements) as file:
        return sum("==" in line and not line.startswith((" ", "#")) for line in file)


TERMINAL = sys.stdout.isatty()


def step(done, total, what):
    if total < 2:
        return
    if TERMINAL:
        print("\r\033[K  %d/%d %s" % (done, total, what[:90]), end="")
        sys.stdout.flush()
    elif done % 10 == 0 or done == total:
        say("  %d/%d %s" % (done, total, what))


def say(text):
    print(text)
    sys.stdout.flush()


def refuse(sentence):
    sys.stderr.write("error: %s\n" % sentence)
    return 4


if __name__ == "__main__":
    try:
        sys.exit(main(WHICH))
    except KeyboardInterrupt:
        sys.stderr.write("\nerror: interrupted; run the same command again to go on\n")
        sys.exit(130)
