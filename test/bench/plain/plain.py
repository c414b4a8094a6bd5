from io import StringIO

from pyinfra.operations import files, server

server.group(name="The group exists", group="bench")
server.user(
    name="The user exists",
    user="bench",
    system=True,
    group="bench",
    home="/srv/bench",
    create_home=False,
    ensure_home=False,
    shell="/usr/sbin/nologin",
)
files.directory(name="The folder exists", path="/srv/bench", user="bench", group="bench", mode="755")
files.directory(name="The folder in it exists", path="/srv/bench/conf", user="bench", group="bench", mode="750")
for number in range(1, 8):
    files.put(
        name=f"File {number} is there",
        src=StringIO(f"name = {number}\nlisten = 80{number}\n"),
        dest=f"/srv/bench/conf/{number}.conf",
        user="root",
        group="bench",
        mode="640",
    )
files.file(name="The old file is gone", path="/etc/bench.old", present=False)
