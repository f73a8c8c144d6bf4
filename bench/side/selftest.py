"""
Checks of the comparison's own arithmetic and forms: python3 -m unittest side.selftest, in bench/.

No server is started and no time passes.
"""

import json
import os
import re
import tempfile
import unittest
import xml.dom.minidom
from dataclasses import asdict

from side import messages, plots, report
from side.case import Asked, Sized
from side.cases import CASES
from side.run import Lag, interleaved, spread, summary, thin
from side.servers import Kind


MIX_ARGS = 256  # of load/mix.h


def a_run(rate, cpu):
    latency = {f: 1.0 for f in ("p50_us", "p99_us", "p999_us", "p9999_us", "max_us")}
    latency["curve"] = [[0, 10.0], [50, 20.0], [99.9, 300.0], [100, 400.0]]
    return {
        "per_second": rate,
        "requests": rate,
        "nils": rate / 4,
        "cpu_ns": cpu,
        "cpu_share": 1,
        "user_share": 0.5,
        "others_share": 0,
        "client_cpu_ns": 80,
        "errors": 0,
        "latency": latency,
    }


class Arithmetic(unittest.TestCase):
    def test_lag_of_keys_that_all_leave_late_by_the_same_time(self):
        late_ms, due, step_ms = 70, 1000, 2
        lag = Lag(due, 5000, step_ms)
        for now in range(5000, 5000 + due * step_ms + late_ms + 1):
            gone = max(0, min(due, (now - 5000 - late_ms) // step_ms + 1))
            lag.read(now, gone)
        self.assertAlmostEqual(lag.mean_ms, late_ms, delta=step_ms)
        self.assertAlmostEqual(lag.worst_ms, late_ms, delta=step_ms)
        self.assertAlmostEqual(lag.peak, late_ms / step_ms, delta=1)
        self.assertEqual(lag.backlog, 0)

    def test_lag_does_not_depend_on_the_order_of_leaving(self):
        # Ten keys due at 0 .. 9 ms leave together at 20 ms: 20, 19, ... 11 ms late.
        lag = Lag(10, 0, 1)
        for now in range(0, 20):
            lag.read(now, 0)
        lag.read(19.999, 0)
        lag.read(20, 10)
        self.assertAlmostEqual(lag.mean_ms, 15.5, delta=0.6)
        self.assertAlmostEqual(lag.worst_ms, 20, delta=0.1)

    def test_median_and_range(self):
        self.assertEqual(spread([8, 10, 13]), (10, 0.5))
        s = summary([a_run(100, 5), a_run(300, 9), a_run(200, 7)])
        self.assertEqual((s["per_second"], s["cpu_ns"]), (200, 7))
        self.assertEqual(s["nils"], 0.25)

    def test_every_server_is_first_in_turn(self):
        orders = [order for _i, order in interleaved(["a", "b", "c"], 3)]
        self.assertEqual([o[0] for o in orders], ["a", "b", "c"])
        self.assertTrue(all(sorted(o) == ["a", "b", "c"] for o in orders))
        self.assertEqual(list(interleaved([], 3)), [])

    def test_sizes_shrink_with_the_keys_and_do_not_grow(self):
        size = Sized(200_000)
        self.assertEqual(
            [size.at(k) for k in (20_000, 1_000_000, 10_000_000)], [4000, 200_000, 200_000]
        )
        self.assertEqual(Sized(3).at(1), 1)

    def test_verdicts(self):
        less, more = Asked("cpu_ns", 0.8, 0.6), Asked("per_second", 1.6, 2)
        self.assertEqual(
            [less.verdict(v) for v in (0.6, 0.7, 0.8, 0.81)], ["aim", "must", "must", "MISSED"]
        )
        self.assertEqual([more.verdict(v) for v in (2, 1.6, 1.5)], ["aim", "must", "MISSED"])

    def test_thinning_keeps_the_peak(self):
        series = [(i, 1) for i in range(5000)]
        series[1234] = (1234, 99)
        self.assertLessEqual(len(thin(series, 400)), 400)
        self.assertIn((1234, 99), thin(series, 400))


class Forms(unittest.TestCase):
    def test_command_lines(self):
        like_redis = Kind("r", "rival", "/bin/r", "--more 'a b'").argv(7, 2, "/d")
        self.assertEqual(like_redis[1:3], ["--port", "7"])
        self.assertEqual(like_redis[-4:], ["--io-threads", "2", "--more", "a b"])
        other = Kind("o", "rival", "/bin/o", "-p {port} -t {threads}").argv(7, 2, "/d")
        self.assertEqual(other, ["/bin/o", "-p", "7", "-t", "2"])

    def test_case_names_are_unique(self):
        self.assertEqual(len({c.name for c in CASES}), len(CASES))
        self.assertFalse({c.name for c in CASES} & {c.about for c in CASES})

    def test_rows_ask_for_what_their_family_measures(self):
        for case in CASES:
            fields = [field for _h, field, *_ in report.columns(case.family)]
            self.assertTrue(case.asked is None or case.asked.field in fields, case.name)
            self.assertTrue(case.load or case.family not in ("throughput", "views"), case.name)

    def test_commands_are_within_what_the_generator_takes(self):
        for case in CASES:
            for args in (*case.setup, case.load, case.action):
                for option, text in zip(args, args[1:]):
                    if option in ("--command", "--preload-command"):
                        self.assertLessEqual(len(text.split()), MIX_ARGS, case.name)
                        self.assertLessEqual(len(re.findall("__(key|rand)", text)), MIX_ARGS)

    def result(self):
        kinds = [("latchkey", "latchkey"), ("red<is", "rival"), ("limit", "limit")]
        meta = {"date": "d", "cpu": "c", "cpu_count": 2, "kernel": "k", "rounds": 1, "seconds": 1}
        meta |= {"keys": 10, "servers": []}
        for name, role in kinds:
            meta["servers"].append(
                {"name": name, "role": role, "version": "1", "args": "", "path": name}
            )
        by_family = {
            "throughput": summary([a_run(2e6, 300)]),
            "memory": {"rss_per_key": 50.0, "used_per_key": 48.0, "keys": 10},
            "expiry": {"mean_lag_ms": 3.0, "series": [(0.0, 0), (1.0, 5)]},
            "views": {"p999_us": 300.0, "alone_p999_us": 200.0, "growth": 1.5},
            "stall": {"worst_ms": 2.0, "acted_s": 0.5, "series": [(0.1, 0.2), (1, 3.0)]},
        }
        cases = [
            {"name": f, "title": f"a {f} & more", "family": f, "servers": {n: v for n, _r in kinds}}
            for f, v in by_family.items()
        ]
        return {"meta": meta, "cases": cases}

    def test_ratios_bounds_and_notes(self):
        result = self.result()
        case = result["cases"][0] | {"absent": {"limit": "no <room>"}}
        case["asked"] = asdict(Asked("cpu_ns", 0.8, 0.6))
        case["servers"] = {
            "latchkey": summary([a_run(2e6, 210)]),
            "red<is": summary([a_run(1e6, 300)]),
        }
        result["cases"] = [case]
        latchkey = report.text(result).split("latchkey ")[-1].split("\n")[0].split()
        self.assertEqual(latchkey[-5:], ["2.00", "0.70", "0.8", "0.6", "must"])
        self.assertIn("took no part: no <room>", report.text(result))
        self.assertIn("took no part: no &lt;room&gt;", report.html(result))
        self.assertEqual(report.asked(result, case, "red<is"), ("", "", ""))
        # Errors are cheap to answer, so their figures are not compared.
        case["servers"]["latchkey"] |= {"errors": 3, "said": "ERR unknown"}
        self.assertEqual(report.asked(result, case, "latchkey"), ("0.8", "0.6", ""))
        self.assertIsNone(report.ratio(result, case, "latchkey", "per_second"))
        self.assertIn("answered: ERR unknown", report.text(result))
        # An absolute bound needs no other server.
        case["servers"]["latchkey"]["errors"] = 0
        case["asked"] = asdict(Asked("cpu_ns", 400, 220, absolute=True))
        del case["servers"]["red<is"]
        self.assertEqual(report.asked(result, case, "latchkey"), ("400", "220", "aim"))

    def test_all_forms_are_written_and_plots_are_well_formed(self):
        with tempfile.TemporaryDirectory() as d:
            stem = os.path.join(d, "r")
            report.write(self.result(), stem)
            with open(stem + ".json", encoding="utf-8") as f:
                self.assertEqual(len(json.load(f)["cases"]), 5)
            with open(stem + ".html", encoding="utf-8") as f:
                page = f.read()
        self.assertNotIn("<is", page)
        found = page.split("<svg")[1:]
        self.assertGreaterEqual(len(found), 6)
        for svg in found:
            xml.dom.minidom.parseString("<svg" + svg.split("</svg>")[0] + "</svg>")

    def test_plots_of_nothing_and_of_one_point(self):
        colors = plots.palette([("a", "rival")])
        self.assertEqual(plots.lines("t", {}, colors, x_label="x", y_label="y"), "")
        for log in (False, True):
            svg = plots.lines("t", {"a": [(1, 0)]}, colors, x_label="x", y_label="y", y_log=log)
            xml.dom.minidom.parseString(svg)


class MessagesTest(unittest.TestCase):
    def test_pairs_compare_medians(self):
        got = messages.pairs("on", [(100, 10), (300, 30), (200, 20)], [(220, 10), (240, 8), (1, 90)])
        self.assertEqual(got, {"without_ns": 200, "on_ns": 220, "more": 1.1, "rate_left": 0.5})

    def test_the_size_of_a_delivery(self):
        push = b"*3\r\n$7\r\nmessage\r\n$3\r\nfan\r\n$32\r\n" + b"m" * 32 + b"\r\n"
        self.assertEqual(messages.SIZE, len(push))

    def test_verdicts(self):
        results = {
            "publish": {"a": {"cpu_ns": 50}, "b": {"cpu_ns": 100}},
            "events": {"a": {"more": 1.2}, "b": {"more": 1.0}},
        }
        lines = messages.table(results, ["a", "b"])
        self.assertEqual([line[-1] for line in lines], ["", "must", "MISSED"])
        self.assertEqual(lines[1][3], "0.50")


if __name__ == "__main__":
    unittest.main()
