"""The command itself: its help, its exit statuses, and that `python -m tinygrad_edu` is the same."""

from __future__ import annotations

import pathlib
import subprocess
import sys

import pytest

from tinygrad_edu.cli import main
from tinygrad_edu.cli.main import COMMANDS, sentence


@pytest.mark.parametrize("command", ["lessons", "train", "predict", "gradcheck", "bench", "course", "doctor"])
def test_help(capsys, command):
    with pytest.raises(SystemExit) as left:
        main([command, "--help"])
    assert left.value.code == 0
    assert len(capsys.readouterr().out) > 300


def test_help_lists_the_commands(capsys):
    with pytest.raises(SystemExit):
        main(["--help"])
    shown = capsys.readouterr().out
    assert all(command.__name__.rpartition(".")[2] in shown for command in COMMANDS)


def test_an_unknown_command_is_refused(capsys):
    with pytest.raises(SystemExit) as left:
        main(["fly"])
    assert left.value.code == 2
    assert "invalid choice: 'fly'" in capsys.readouterr().err


def test_as_a_module():
    root = pathlib.Path(__file__).resolve().parents[2]
    command = [sys.executable, "-m", "tinygrad_edu", "predict", "nothing.safetensors", "nothing.png"]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr == "tinygrad-edu predict: nothing.safetensors: there is no checkpoint here: check the path\n"


def broken(monkeypatch, error):
    """main(["gradcheck"]) with a command that raises `error`."""

    def run(options):
        raise error

    monkeypatch.setattr("tinygrad_edu.cli.gradcheck.run", run)
    return main(["gradcheck"])


def test_ctrl_c_is_130(capsys, monkeypatch):
    assert broken(monkeypatch, KeyboardInterrupt()) == 130
    assert capsys.readouterr().err == "\nStopped.\n"


def test_a_users_mistake_is_2(capsys, monkeypatch):
    assert broken(monkeypatch, ValueError("wanted this, got that")) == 2
    assert capsys.readouterr().err == "tinygrad-edu gradcheck: wanted this, got that\n"


def test_a_mistake_of_ours_keeps_its_traceback(monkeypatch):
    with pytest.raises(AttributeError):
        broken(monkeypatch, AttributeError("nobody meant this"))


def test_sentences():
    assert sentence(FileNotFoundError(2, "No such file or directory", "a.png")) == "a.png: No such file or directory"
    assert sentence(OSError(28, "No space left on device")) == "No space left on device"
    assert sentence(ValueError("as it is")) == "as it is"
