from io import StringIO

from pyinfra import host
from pyinfra.facts.server import LinuxDistribution
from pyinfra.operations import apt, dnf, files, server, systemd

distribution = host.get_fact(LinuxDistribution)["release_meta"]["ID"]
debian = distribution in ("debian", "ubuntu")

(apt if debian else dnf).packages(
    name="nginx is installed",
    packages=["nginx"],
    **({"update": True, "cache_time": 3600} if debian else {}),
)
server.user(
    name="The user exists",
    user="site",
    system=True,
    home="/srv/site",
    create_home=False,
    ensure_home=False,
    shell="/bin/sh",
)
files.directory(name="The site has a folder", path="/srv/site", user="site", group="site", mode="755")
files.template(
    name="The page is there",
    src="templates/index.html.j2",
    dest="/srv/site/index.html",
    user="site",
    mode="644",
    distribution=distribution,
)
for section in host.data.site_sections:
    files.directory(
        name=f"Section {section} has a folder",
        path=f"/srv/site/{section}",
        user="site",
        mode="755",
    )
server.user_authorized_keys(
    name="Whoever publishes may log in",
    user="site",
    group="site",
    public_keys=host.data.site_key,
)
files.put(
    name="The token is there",
    src=StringIO(f"{host.data.site_token}\n"),
    dest="/etc/site.token",
    user="site",
    mode="600",
)
if debian:
    files.link(name="Debian's own site is gone", path="/etc/nginx/sites-enabled/default", present=False)
conf = files.template(
    name="nginx has the site",
    src="templates/site.conf.j2",
    dest="/etc/nginx/conf.d/site.conf",
    mode="644",
)
systemd.service(name="nginx is running", service="nginx", running=True, enabled=True)
systemd.service(name="nginx has read it", service="nginx", reloaded=True, _if=conf.did_change)
server.sysctl(
    name="Closed connections go sooner",
    key="net.ipv4.tcp_fin_timeout",
    value=20,
    persist=True,
    persist_file="/etc/sysctl.d/99-zz-net.ipv4.tcp_fin_timeout.conf",
)
units = [
    files.template(
        name=f"The backup has its {unit}",
        src=f"templates/{unit}.j2",
        dest=f"/etc/systemd/system/{unit}",
        mode="644",
    )
    for unit in ("site-backup.service", "site-backup.timer")
]
systemd.daemon_reload(name="systemd has read them", _if=lambda: any(unit.did_change() for unit in units))
systemd.service(name="The backup runs at its time", service="site-backup.timer", running=True, enabled=True)
