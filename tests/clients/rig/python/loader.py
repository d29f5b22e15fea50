"""Runs programs in processes that have their packages already: to import an agent's framework takes seconds of a processor, more
than most programs do with it.

    python loader.py SOCKET

It prints a line when it is ready. Each connection to the Unix socket asks for one program by a line of JSON: "argv", of which the first is the
program's path; "dir", to run in, whose modules come first; "env", NAME=VALUE, all of its environment; "stdout" and "stderr", files. The
answer, when the program has ended, is its status. A program whose connection is closed is killed. All ends with standard input.
"""

import ast
import contextlib
import importlib
import json
import os
import runpy
import selectors
import signal
import socket
import sys
import tempfile

STDIN, LISTENER, CHILD, WOKEN = "stdin", "listener", "child", "woken"


def packages(path, folder):
    """The modules that a program imports, by itself and through modules of a folder. Some are no modules: a name may be a class."""
    own = {os.path.splitext(name)[0]: os.path.join(folder, name) for name in os.listdir(folder)}
    found, looked, look = [], set(), [path]
    while look:
        with open(look.pop()) as source:
            tree = ast.parse(source.read())
        for node in ast.walk(tree):
            match node:
                case ast.Import():
                    names = [alias.name for alias in node.names]
                case ast.ImportFrom():
                    names = [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
                case _:
                    names = []
            for name in names:
                module = name.split(".")[0]
                if module not in own:
                    found.append(name)
                elif module not in looked:
                    looked.add(module)
                    look.append(own[module])
    return found


def load(job):
    """Imports what a program will. What is missing is the program's to find out."""
    for name in packages(job["argv"][0], job["dir"]):
        with contextlib.suppress(ImportError):
            importlib.import_module(name)


def become(job):
    """Makes a forked process the program's."""
    os.setsid()  # so that all that it starts can be killed with it
    os.chdir(job["dir"])
    for file, fd in ((job["stdout"], 1), (job["stderr"], 2)):
        os.dup2(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), fd)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.environ.clear()
    os.environ.update(variable.split("=", 1) for variable in job["env"])
    tempfile.tempdir = None  # as the new environment says
    sys.path.insert(0, job["dir"])
    sys.argv = job["argv"]


def serve(address):
    """Forks a process a connection. It returns in each of them, with what to run; in this one it does not return."""
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(address)
    listener.listen()
    print("ready", flush=True)
    woken, wake = socket.socketpair()
    woken.setblocking(False)
    wake.setblocking(False)
    signal.set_wakeup_fd(wake.fileno(), warn_on_full_buffer=False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    events = selectors.DefaultSelector()
    events.register(sys.stdin, selectors.EVENT_READ, STDIN)
    events.register(listener, selectors.EVENT_READ, LISTENER)
    events.register(woken, selectors.EVENT_READ, WOKEN)
    running = {}  # connections by process
    while True:
        for key, _ in events.select():
            if key.data == STDIN:
                for pid in running:
                    os.killpg(pid, signal.SIGKILL)
                os._exit(0)
            elif key.data == LISTENER:
                connection, _ = listener.accept()
                job = json.loads(connection.makefile().readline())
                load(job)
                pid = os.fork()
                if pid == 0:
                    signal.set_wakeup_fd(-1)
                    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
                    events.close()
                    for other in (listener, woken, wake, connection, *running.values()):
                        other.close()
                    become(job)
                    return job["argv"][0]
                running[pid] = connection
                events.register(connection, selectors.EVENT_READ, CHILD)
            elif key.data == CHILD:  # nobody waits for it
                events.unregister(key.fileobj)
                for pid, connection in running.items():
                    if connection is key.fileobj:
                        with contextlib.suppress(ProcessLookupError):
                            os.killpg(pid, signal.SIGKILL)
            else:
                with contextlib.suppress(BlockingIOError):
                    woken.recv(4096)
                answer(events, running)


def answer(events, running):
    """Answers for each process that has ended."""
    while running:
        pid, status = os.waitpid(-1, os.WNOHANG)
        if pid == 0:
            return
        connection = running.pop(pid)
        with contextlib.suppress(KeyError):
            events.unregister(connection)
        with contextlib.suppress(OSError):  # who asked may have gone
            connection.sendall(b"%d\n" % os.waitstatus_to_exitcode(status))
        connection.close()


if __name__ == "__main__":
    runpy.run_path(serve(sys.argv[1]), run_name="__main__")
