"""Profile as a page of HTML that stands alone: no script, nothing loaded from elsewhere."""

from html import escape

from netweight.report.escape import plain
from netweight.report.html import to_html
from netweight.report.table import Options
from netweight.results.profile import Profile

_STYLE = (
    "body{font:15px/1.45 system-ui,sans-serif;margin:2em auto;max-width:75em;padding:0 1em;color-scheme:light dark}"
    "table{border-collapse:collapse;font-variant-numeric:tabular-nums}"
    "td,th{padding:.15em .7em;border-bottom:1px solid #8884}"
)


def to_page(profile: Profile, options: Options | None = None) -> str:
    """A document whose body is the fragment that a notebook shows."""
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width">\n'
        f"<title>{escape(plain(profile.model.name))}: what it costs</title>\n<style>{_STYLE}</style>\n</head>\n"
        f"<body>\n{to_html(profile, options)}\n</body>\n</html>\n"
    )
