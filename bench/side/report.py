"""One result, three forms: a table of text, a page with plots, and JSON for history."""

import json
from html import escape

from . import plots
from .case import Asked

FAMILIES = {
    "throughput": "Throughput, CPU and latency",
    "memtier": "Throughput seen by memtier_benchmark",
    "memory": "Memory",
    "expiry": "Expiry",
    "views": "Writes beside views",
    "stall": "Stalls",
}

EXPLAIN = {
    "throughput": "Medians over interleaved rounds. CPU is all threads' time, from the scheduler, "
    "per request; on a shared machine it is the steadier figure. Others is the share of the "
    "machine that neither server nor client used: rates and latencies mean little where it is "
    "large. Limit is a server that does nothing but the network's work.",
    "memtier": "An independent client; it needs more CPU a request, so it may be the bottleneck.",
    "memory": "Growth of resident memory per key, or per element of one key, from an empty server "
    "to all of them.",
    "expiry": "Area between the keys that are due and those that have left, per key, is the mean "
    "lag; worst is a lower bound.",
    "views": "Latency of writes at a fixed rate while a view of the data is cut every second, and "
    "alone; growth is the ratio of the two at 99.9 %. What was refused cut no view.",
    "stall": "Worst answer to eight other connections on a fixed schedule while the command runs; "
    "quiet is the worst before it.",
}


def columns(family):
    """(heading, field, format, smaller is better) of the table of a family."""

    def us(v):
        return f"{v:,.1f}" if v < 1000 else f"{v:,.0f}"

    def two(v):
        return f"{v:,.2f}"

    def share(v):
        return f"{v * 100:.0f} %"

    def whole(v):
        return f"{v:,.0f}"

    def one(v):
        return f"{v:,.1f}"

    if family in ("throughput", "memtier"):
        return [
            ("requests/s", "per_second", whole, False),
            ("+-", "per_second_spread", share, None),
            ("CPU ns", "cpu_ns", whole, True),
            ("+-", "cpu_ns_spread", share, None),
            ("p50 us", "p50_us", us, True),
            ("p99", "p99_us", us, True),
            ("p99.9", "p999_us", us, True),
            ("p99.99", "p9999_us", us, True),
            ("max", "max_us", us, True),
            ("client ns", "client_cpu_ns", whole, None),
            ("others", "others_share", share, None),
            ("nils", "nils", share, None),
            ("errors", "errors", whole, None),
        ]
    if family == "memory":
        return [
            ("RSS B/key", "rss_per_key", one, True),
            ("used B/key", "used_per_key", one, True),
            ("payload", "payload", whole, None),
            ("keys", "keys", whole, None),
            ("empty RSS", "empty_rss", whole, True),
        ]
    if family == "expiry":
        return [
            ("mean lag ms", "mean_lag_ms", one, True),
            ("worst >= ms", "worst_lag_ms", one, True),
            ("peak backlog", "peak_backlog", whole, True),
            ("after the last ms", "tail_ms", one, True),
            ("left behind", "left_behind", whole, True),
            ("CPU", "cpu_share", share, True),
        ]
    if family == "views":
        return [
            ("p99.9 us", "p999_us", us, True),
            ("alone", "alone_p999_us", us, True),
            ("growth", "growth", two, True),
            ("p50 us", "p50_us", us, True),
            ("alone", "alone_p50_us", us, True),
            ("max us", "max_us", us, True),
            ("alone", "alone_max_us", us, True),
            ("views", "views", whole, None),
            ("refused", "refused", whole, None),
        ]
    return [
        ("worst ms", "worst_ms", two, True),
        ("+-", "worst_ms_spread", share, None),
        ("quiet ms", "quiet_ms", two, None),
        ("p99 ms", "p99_ms", two, True),
        ("p99.9 ms", "p999_ms", two, True),
        ("command ms", "action_ms", two, True),
        ("unanswered", "unanswered", whole, None),
        ("errors", "errors", whole, None),
    ]


HEADLINES = {
    "throughput": ("per_second", "cpu_ns"),
    "memtier": ("per_second", "cpu_ns"),
    "memory": ("rss_per_key",),
    "expiry": ("mean_lag_ms",),
    "views": ("p999_us",),
    "stall": ("worst_ms",),
}


def headlines(family):
    """(heading, field, smaller is better) of the figures whose ratio to the baseline is shown."""
    of_field = {field: (heading, field, small) for heading, field, _f, small in columns(family)}
    return [of_field[field] for field in HEADLINES[family]]


def baseline(result):
    """The server that others are measured against: the first rival, else the first of all."""
    kinds = result["meta"]["servers"]
    rivals = [k["name"] for k in kinds if k["role"] == "rival"]
    return rivals[0] if rivals else kinds[0]["name"]


def ratio(result, case, name, field):
    """None where there is no other, and where errors were answered: those are cheap."""
    base, values = case["servers"].get(baseline(result), {}), case["servers"][name]
    if name == baseline(result) or not base.get(field) or values.get(field) is None:
        return None
    return None if base.get("errors") or values.get("errors") else values[field] / base[field]


def asked(result, case, name):
    """(must, aim, verdict) of Latchkey's row; empty for others, and where nothing is asked."""
    roles = {k["name"]: k["role"] for k in result["meta"]["servers"]}
    if not case.get("asked") or roles[name] != "latchkey":
        return ("", "", "")
    bound, values = Asked(**case["asked"]), case["servers"][name]
    value = ratio(result, case, name, bound.field)
    if bound.absolute:
        value = None if values.get("errors") else values.get(bound.field)
    return (f"{bound.must:g}", f"{bound.aim:g}", "" if value is None else bound.verdict(value))


def notes(case):
    """(server, what is to be said of its row)."""
    for name, reason in case.get("absent", {}).items():
        yield name, f"took no part: {reason}"
    for name, values in case["servers"].items():
        if values.get("said"):
            yield name, f"answered: {values['said']}"


def families(result):
    for family in FAMILIES:
        cases = [c for c in result["cases"] if c["family"] == family]
        if cases:
            yield family, cases


def text(result):
    meta = result["meta"]
    out = [
        f"{meta['date']}  {meta['cpu']}, {meta['cpu_count']} CPUs, Linux {meta['kernel']}",
        f"{meta['rounds']} rounds of {meta['seconds']:g} s, {meta['keys']:,} keys; "
        f"ratios are against {baseline(result)}",
    ]
    out += [f"  {k['name']}: {k['version'] or k['path']} {k['args']}" for k in meta["servers"]]
    for family, cases in families(result):
        cols = columns(family)
        widths = [max(12, len(h) + 2) for h, *_ in cols]
        heads = "".join(f"{h:>{w}}" for (h, *_), w in zip(cols, widths))
        ratios = "".join(f"{'x ' + h:>16}" for h, *_ in headlines(family))
        asks = f"{'must':>7}{'aim':>6}" if any(c.get("asked") for c in cases) else ""
        out += ["", FAMILIES[family], f"{'':4}{'':10}{heads}{ratios}{asks}"]
        for case in cases:
            out.append(f"{case['name']}: {case['title']}")
            for name, values in case["servers"].items():
                line = f"{'':4}{name:10}"
                for (_h, field, f, _s), width in zip(cols, widths):
                    line += f"{f(values.get(field, 0)):>{width}}"
                for _h, field, _s in headlines(family):
                    r = ratio(result, case, name, field)
                    line += f"{'' if r is None else f'{r:.2f}':>16}"
                if asks:
                    line += "{:>7}{:>6}  {}".format(*asked(result, case, name))
                out.append(line.rstrip())
            out += [f"{'':4}{name:10}  {note}" for name, note in notes(case)]
    return "\n".join(out) + "\n"


STYLE = """
body { font: 14px/1.45 system-ui, sans-serif; color: #1f2937; background: #fff; margin: 2em auto;
       max-width: 1000px; padding: 0 1em; }
h1 { font-size: 1.5em; margin-bottom: 0; } h2 { font-size: 1.2em; margin-top: 2em; }
h3 { font-size: 1em; margin: 1.5em 0 .3em; }
p, ul { color: #4b5563; } .plots { display: flex; flex-wrap: wrap; gap: 12px; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; font-size: 12.5px; }
th, td { padding: 3px 8px; text-align: right; border-bottom: 1px solid #e5e7eb;
         white-space: nowrap; }
th { color: #6b7280; font-weight: 500; } td.n, th.n { text-align: left; }
tr.case td { border-bottom: none; padding-top: 10px; font-weight: 600; text-align: left; }
.good { color: #047857; font-weight: 600; } .bad { color: #b91c1c; font-weight: 600; }
svg text { font-family: system-ui, sans-serif; }
"""


def _ratio_cell(value, smaller):
    if value is None:
        return "<td></td>"
    better = value < 1 if smaller else value > 1
    return f'<td><span class={"good" if better else "bad"}>&times;{value:.2f}</span></td>'


def _asked_cells(must, aim, verdict):
    kind = "bad" if verdict == "MISSED" else "good"
    return f"<td>{must}</td><td>{aim}</td><td><span class={kind}>{verdict}</span></td>"


def _table(result, family, cases, colors):
    cols, heads = columns(family), headlines(family)
    asks = any(c.get("asked") for c in cases)
    headings = [h for h, *_ in cols] + [f"{h} to {baseline(result)}" for h, *_ in heads]
    headings += ["must", "aim", ""] if asks else []
    width = len(headings) + 1
    rows = ["<tr><th class=n></th>" + "".join(f"<th>{escape(h)}</th>" for h in headings) + "</tr>"]
    for case in cases:
        rows.append(f'<tr class=case><td colspan={width}>{escape(case["title"])}</td></tr>')
        for name, values in case["servers"].items():
            cells = "".join(
                f"<td>{escape(f(values.get(field, 0)))}</td>" for _h, field, f, _s in cols
            )
            for _h, field, smaller in heads:
                cells += _ratio_cell(ratio(result, case, name, field), smaller)
            if asks:
                cells += _asked_cells(*asked(result, case, name))
            dot = f'<span style="color:{colors[name]}">&#9632;</span>'
            rows.append(f"<tr><td class=n>{dot} {escape(name)}</td>{cells}</tr>")
        for name, note in notes(case):
            note = escape(f"{name} {note}")
            rows.append(f"<tr><td class=n colspan={width}>{note}</td></tr>")
    return f'<div class=wide><table>{"".join(rows)}</table></div>'


def _bar_rows(result, cases, field, unit):
    rows = []
    for case in cases:
        values = []
        for name, v in case["servers"].items():
            if v.get(field) is None:
                continue
            r = ratio(result, case, name, field)
            number = f"{v[field] / 1e6:.2f} M" if v[field] >= 1e6 else f"{v[field]:,.0f}"
            number = f"{v[field]:.1f}" if v[field] < 1000 else number
            values.append((name, v[field], f"{number} {unit}" + (f"  x{r:.2f}" if r else "")))
        rows.append((case["title"], values))
    return rows


def _plots(result, family, cases, colors):
    out = []
    if family in ("throughput", "memtier"):
        out.append("<h3>Requests a second (longer is better)</h3>")
        out.append(plots.bars(_bar_rows(result, cases, "per_second", "/s"), colors))
        out.append("<h3>CPU of the server per request (shorter is better)</h3>")
        out.append(plots.bars(_bar_rows(result, cases, "cpu_ns", "ns"), colors))
        curves = [
            plots.latency_curve(
                c["name"], {n: v["curve"] for n, v in c["servers"].items() if v["curve"]}, colors
            )
            for c in cases
        ]
        if any(curves):
            out.append("<h3>Latency</h3><div class=plots>" + "".join(curves) + "</div>")
    elif family == "memory":
        out.append("<h3>Resident bytes a key (shorter is better)</h3>")
        out.append(plots.bars(_bar_rows(result, cases, "rss_per_key", "B"), colors))
    elif family == "views":
        out.append("<h3>HSET at 99.9 % while views are cut (shorter is better)</h3>")
        out.append(plots.bars(_bar_rows(result, cases, "p999_us", "us"), colors))
    elif family == "expiry":
        for c in cases:
            series = {n: v["series"] for n, v in c["servers"].items()}
            out.append(
                plots.lines(
                    "Backlog",
                    series,
                    colors,
                    x_label="seconds since the first deadline",
                    y_label="keys that are due and still there",
                )
            )
    else:
        out.append("<div class=plots>")
        for c in cases:
            begun = [v["acted_s"] for v in c["servers"].values()]
            out.append(
                plots.lines(
                    c["name"],
                    {n: v["series"] for n, v in c["servers"].items()},
                    colors,
                    x_label="seconds",
                    y_label="worst answer in ms",
                    y_log=True,
                    marks=[(sum(begun) / len(begun), "command")] if begun else (),
                )
            )
        out.append("</div>")
    return "".join(out)


def html(result):
    meta = result["meta"]
    colors = plots.palette([(k["name"], k["role"]) for k in meta["servers"]])
    body = [
        "<h1>Side by side</h1>",
        f"<p>{escape(meta['date'])} &middot; {escape(meta['cpu'])}, {meta['cpu_count']} CPUs "
        f"&middot; Linux {escape(meta['kernel'])} &middot; {meta['rounds']} rounds of "
        f"{meta['seconds']:g} s &middot; {meta['keys']:,} keys</p>",
        "<ul>"
        + "".join(
            f"<li><b>{escape(k['name'])}</b> {escape(k['version'])} {escape(k['args'])}</li>"
            for k in meta["servers"]
        )
        + "</ul>",
        plots.legend(colors),
    ]
    for family, cases in families(result):
        body.append(f"<h2>{FAMILIES[family]}</h2><p>{escape(EXPLAIN[family])}</p>")
        body.append(_plots(result, family, cases, colors))
        body.append(_table(result, family, cases, colors))
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width"><title>Latchkey side by side</title>'
        f"<style>{STYLE}</style></head><body>{''.join(body)}</body></html>\n"
    )


def write(result, stem):
    """Writes stem.json, stem.txt and stem.html."""
    for suffix, content in (
        ("json", json.dumps(result, indent=1) + "\n"),
        ("txt", text(result)),
        ("html", html(result)),
    ):
        with open(f"{stem}.{suffix}", "w", encoding="utf-8") as f:
            f.write(content)
