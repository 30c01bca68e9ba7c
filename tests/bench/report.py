# SPDX-License-Identifier: LGPL-2.1-or-later
"""report - what was measured beside what it is to be: tables for people, and for the README"""
from measures import windows
from world import median


def ms(us):
    return f"{us / 1000:.0f} ms" if us >= 100_000 else f"{us / 1000:.3g} ms"


def curve(results, name):
    """[(N, microseconds)]: in each window the median of its batches, of those the median over the runs"""
    runs = [windows(values, results["growth, batch"]) for values in results["growth"][name]]
    return [(points[0][0], median([us for _, us in points])) for points in zip(*runs)]


def at(results, name, most):
    """A batch's mean while there were up to so many: medians."""
    per = results["growth, batch"]
    return median([us for values in results["growth"][name] for us in values[:max(1, most // per)]])


def ends(results, name):
    points = curve(results, name)
    return points[-1][1] / points[0][1]


def ratio(ours, base, bar, least=False):
    """(what was measured, the ratio, the bar, whether it is met)"""
    value = base / ours if least else ours / base
    text = f"{ms(ours)} / {ms(base)}"
    return text, f"{value:.3g}", f"{'≥' if least else '≤'} {bar:g}", value >= bar if least else value <= bar


def value(figure, bar, unit, least=False):
    met = figure >= bar if least else figure <= bar
    return f"{figure:.3g} {unit}".strip(), "", f"{'≥' if least else '≤'} {bar:g} {unit}".strip(), met


def cold(n):
    def row(r):
        if n == 1:
            one = r["create one"]
            # An RPC that does nothing is no part of what the floor does.
            return ratio(one["nsnetd cold, RPC"]["p50"] - one["echo"]["p50"], one["floor"]["p50"], 1.15)
        return ratio(at(r, "nsnetd, bridge", n), at(r, "floor, bridge", n), 1.15)
    return row


def cold_owned(n):
    def row(r):
        if n == 1:
            one = r["create one"]
            return ratio(one["nsnetd cold, a user's own, RPC"]["p50"] - one["echo"]["p50"], one["floor, a user's own"]["p50"], 1.15)
        ours, base = (median(r["owned"][name][:max(1, n // r["owned, batch"])]) for name in ("nsnetd", "floor"))
        return ratio(ours, base, 1.15)
    return row


def grows(name, bar):
    def row(r):
        points = curve(r, name)
        return f"{ms(points[-1][1])} / {ms(points[0][1])}", f"{ends(r, name):.3g}", f"≤ {bar:g}", ends(r, name) <= bar
    return row


def times_faster(peer, bar):
    return lambda r: ratio(r["create one"]["nsnetctl"]["p50"], r["create one"][peer]["p50"], bar, least=True)


def path(name, kind, bar):
    def row(r):
        figures = r["data path"][name]
        factor = figures["ratios"][kind]
        return f"{figures[kind]:.3g} us", f"{factor:.3g}", f"≤ {bar:g}", factor <= bar
    return row


def rate(r):
    ours, theirs = r["churn"]["nsnetd"], r["churn"]["floor, link by link"]
    return f"{ours:.0f} / {theirs:.0f} a second", f"{ours / theirs:.3g}", "≥ 15", ours / theirs >= 15


def left(r):
    ours, naive = (r["left behind, seconds"][name] for name in ("nsnetd", "naive"))
    if naive <= 0:
        raise KeyError("quiet machine: what it did by itself hides this")
    return f"{ours:.2g} s / {naive:.2g} s", f"{ours / naive:.2g}", "≤ 0.1", ours / naive <= 0.1


def none_of(key, *names):
    def row(r):
        figures = r[key]
        for name in names:
            figures = figures[name]
        return f"{figures['slow']} of {figures['n']}, the slowest that came {ms(figures['worst'])}", "", "0", figures["slow"] == 0
    return row


# (what is to be, how it came out)
GOALS = (
    ("cold create / floor, N = 1 (less an RPC that does nothing)", cold(1)),
    ("cold create / floor, N = 100", cold(100)),
    ("cold create / floor, N = 500", cold(500)),
    ("cold create / floor, N = 1000", cold(1000)),
    ("cold create, a user's own / floor, N = 1 (less the same)", cold_owned(1)),
    ("cold create, a user's own / floor, N = 100", cold_owned(100)),
    ("cold create, a user's own / floor, N = 500", cold_owned(500)),
    ("cold create, a user's own / floor, N = 1000", cold_owned(1000)),
    ("growth at a bridge: last 100 of 1000 / first 100", grows("nsnetd, bridge", 1.6)),
    ("growth routed: last 100 of 1000 / first 100", grows("nsnetd, routed", 1.1)),
    ("pooled create, RPC p50 / JSON echo",
     lambda r: ratio(r["pooled"]["as configured"]["p50"], r["pooled"]["echo"]["p50"], 1.3)),
    ("pooled create, RPC p99", lambda r: value(r["pooled"]["as configured"]["p99"] / 1000, 1, "ms")),
    ("the same while 500 are torn down, p99", lambda r: value(r["pooled"]["while torn down"]["p99"] / 1000, 1, "ms")),
    ("nsnetctl create / a static program that does nothing",
     lambda r: ratio(r["create one"]["nsnetctl"]["p50"], r["create one"]["nothing"]["p50"], 1.35)),
    ("… faster than ip -batch", times_faster("ip -batch", 6)),
    ("… faster than CNI bridge + host-local", times_faster("CNI bridge + host-local", 7)),
    ("… faster than mininet", times_faster("mininet, LinuxBridge", 20)),
    ("… faster than the tutorial's script", times_faster("tutorial's script", 30)),
    ("… faster than netavark with its firewall", times_faster("netavark with its firewall", 35)),
    ("delete, answer p50 / floor", lambda r: ratio(r["delete one"]["nsnetd, RPC"]["p50"], r["delete one"]["floor"]["p50"], 2)),
    ("500 gone / floor",
     lambda r: ratio(r["gone"]["nsnetd"], min(r["gone"]["floor, drop"], r["gone"]["floor, group"]), 1.3)),
    ("500 in one command, cold / floor", lambda r: ratio(r["gone"]["bulk, nsnetctl"], r["gone"]["bulk, floor"], 1.1)),
    ("one goes, one comes, 100 alive / link by link", rate),
    ("first packet slow", none_of("first", "as configured")),
    ("first packet slow, PoolSize=0", none_of("first", "PoolSize=0")),
    ("900 talk at once: stalled", none_of("crowd")),
    ("start with 1000: first answer, about one", lambda r: value(r["restart"]["first answer"] / 1000, 20, "ms")),
    ("start with 1000: answer about all", lambda r: value(r["restart"]["all told"] / 1000, 60, "ms")),
    ("start with 1000: packets of a flow lost",
     lambda r: (f"{r['restart']['lost']} of {r['restart']['sent']}", "", "0", r["restart"]["lost"] == 0)),
    ("others' p99 while 500 are made", lambda r: value(r["meanwhile"]["made"]["p99"] / 1000, 30, "ms")),
    ("others' p99 while 500 are torn down", lambda r: value(r["meanwhile"]["torn down"]["p99"] / 1000, 30, "ms")),
    ("JSON RPC, the daemon's processor time", lambda r: value(r["rpc"]["cpu"], 10, "us")),
    ("idle daemon, RSS", lambda r: value(r["memory"]["rss"] / 1024, 4, "MiB")),
    ("processor time in the 3 s after 500 creates / naive", left),
    ("data path, isolated, round trip TCP / plain bridge", path("nsnetd, isolated, to the host", "tcp", 1.02)),
    ("data path, isolated, round trip UDP / plain bridge", path("nsnetd, isolated, to the host", "udp", 1.02)),
    ("data path, anti-spoof, round trip TCP / plain bridge", path("nsnetd, a member's: anti-spoof", "tcp", 1.05)),
    ("data path, anti-spoof, round trip UDP / plain bridge", path("nsnetd, a member's: anti-spoof", "udp", 1.05)),
)


def goals(results):
    """[(goal, measured, ratio, bar, outcome)]"""
    rows = []
    for text, row in GOALS:
        try:
            measured, factor, bar, met = row(results)
            # Few of each say nothing about many.
            outcome = "" if results["quick"] else "met" if met else "missed"
            rows.append((text, measured, factor, bar, outcome))
        except KeyError as missing:
            rows.append((text, f"not measured: no {missing}", "", "", ""))
    return rows


def of_floor(figure, base):
    return f"{figure / base:.3g}" if base else ""


def one_by_one(results):
    """[(who, create p50, p99, / floor, delete p50, p99, / floor)]"""
    rows = []
    made, taken = results["create one"], results["delete one"]
    pairs = [(name, name) for name in made if name in taken]
    pairs.insert(1, ("nsnetd cold, RPC", "nsnetd, RPC"))
    alone = [(name, None) for name in made if name not in taken and name != "nsnetd cold, RPC"]
    alone += [(None, name) for name in taken if name not in made and name != "nsnetd, RPC"]
    for create, delete in pairs + alone:
        row = [create or delete]
        for which, name in ((made, create), (taken, delete)):
            row += [ms(which[name]["p50"]), ms(which[name]["p99"]), of_floor(which[name]["p50"], which["floor"]["p50"])] \
                if name else ["", "", ""]
        rows.append(tuple(row))
    return rows


def many(results):
    """[(who, N, mean, / floor, last window / first, processor time)]"""
    rows = []
    for name in results.get("growth", {}):
        points = curve(results, name)
        base = curve(results, "floor, bridge")
        total, least = (sum(us for _, us in p) / len(p) for p in (points, base))
        rows.append((name, str(points[-1][0]), ms(total), of_floor(total, least), f"{points[-1][1] / points[0][1]:.3g}",
                     ms(median(results["growth, processor"][name]))))
    for name, values in results.get("peers, growth", {}).items():
        batch = results["peers, batch"]
        base, points = results["peers, floor"][name], windows(values, batch, 100 if len(values) * batch >= 200 else batch)
        rows.append((name, str(len(values) * batch), ms(sum(values) / len(values)), of_floor(sum(values), sum(base)),
                     f"{points[-1][1] / points[0][1]:.3g}", ""))
    return rows


def paths(results):
    """[(path, UDP us, TCP us, Gb/s, ratios)]"""
    rows = []
    for name, figures in results.get("data path", {}).items():
        factors = figures.get("ratios")
        rows.append((name, f"{figures['udp']:.3g}", f"{figures['tcp']:.3g}", f"{1048576 * 8 / figures['bulk'] / 1000:.3g}",
                     " / ".join(f"{factors[kind]:.3g}" for kind in ("udp", "tcp", "bulk")) if factors else ""))
    return rows


# What no goal is about.
MORE = (
    ("pooled create, RPC p50, p99", lambda r: both(r["pooled"]["as configured"])),
    ("create with PoolSize=0, RPC p50, p99", lambda r: both(r["pooled"]["PoolSize=0"])),
    ("JSON echo, p50, p99", lambda r: both(r["pooled"]["echo"])),
    ("pooled create while 500 are torn down, RPC p50, p99", lambda r: both(r["pooled"]["while torn down"])),
    ("delete of 500 by one request: the answer", lambda r: ms(r["gone"]["nsnetd, answer"])),
    ("500 gone: floor by dropping, by groups", lambda r: f"{ms(r['gone']['floor, drop'])}, {ms(r['gone']['floor, group'])}"),
    ("one goes, one comes: floor", lambda r: f"{r['churn']['floor, drop']:.0f} a second"),
    ("one goes, one comes: PoolSize=0", lambda r: f"{r['churn']['nsnetd, PoolSize=0']:.0f} a second"),
    ("first packet after the answer: p50, p99", lambda r: both(r["first"]["as configured"])),
    ("first packet after the answer, PoolSize=0: p50, p99", lambda r: both(r["first"]["PoolSize=0"])),
    ("first packet after the answer, routed: slow, p50, p99",
     lambda r: f"{r['first']['routed, PoolSize=0']['slow']}, {both(r['first']['routed, PoolSize=0'])}"),
    ("Describe: a second, pipelined", lambda r: f"{r['rpc']['a second']:.0f}"),
    ("Describe, connection and call: p50, p99", lambda r: both(r["rpc"]["Describe"])),
    ("idle daemon: PSS", lambda r: f"{r['memory']['pss'] / 1024:.3g} MiB"),
    ("daemon: memory for each namespace", lambda r: f"{r['memory']['a namespace']:.2g} KiB"),
    ("processor time in the 3 s after 500 creates: floor", lambda r: f"{r['left behind, seconds']['floor']:.2g} s"),
)


def both(figures):
    return f"{ms(figures['p50'])}, {ms(figures['p99'])}"


def more(results):
    rows = []
    for text, figure in MORE:
        try:
            rows.append((text, figure(results)))
        except KeyError:
            # Its measurement was not wanted, or went wrong, which is told of.
            continue
    return rows


TABLES = (
    ("Goals", ("goal", "measured", "ratio", "bar", ""), goals),
    ("One at a time, with a rest between", ("", "create p50", "p99", "/ floor", "delete p50", "p99", "/ floor"), one_by_one),
    ("Many, at full speed", ("", "N", "create, mean", "/ floor", "last / first", "processor time, each"), many),
    ("More", ("", ""), more),
    ("Data path", ("", "UDP us", "TCP us", "bulk Gb/s", "to plain: UDP / TCP / time of bulk"), paths),
)



def neighbours(results):
    return (f"The machine's table of neighbours holds {results['neighbours']} (net.ipv4.neigh.default.gc_thresh3), all namespaces "
            "together: where it is full, first packets wait or are lost.")


def tables(results, say):
    for title, heads, rows_of in TABLES:
        try:
            rows = [heads] + rows_of(results)
        except KeyError:
            continue
        if len(rows) == 1:
            continue
        widths = [max(len(row[i]) for row in rows) for i in range(len(heads))]
        say(f"\n{title}\n")
        for row in rows:
            say("  ".join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip())
    say(f"\n{neighbours(results)}")
    for name, reason in results["not here"].items():
        say(f"\n{name}: not here: {reason}")
    for name, reason in results["wrong"].items():
        say(f"\n{name}: {reason}")


def markdown(results, say):
    say(f"Measured on {results['date']}: {results['machine']}; {results['kind']}.\n")
    for title, heads, rows_of in TABLES:
        try:
            rows = rows_of(results)
        except KeyError:
            continue
        if not rows:
            continue
        say(f"{title}:\n")
        say("| " + " | ".join(heads) + " |")
        say("|" + "---|" * len(heads))
        for row in rows:
            say("| " + " | ".join(row) + " |")
        say("")
    say(neighbours(results) + "\n")
    for name, reason in results["not here"].items():
        say(f"{name}: not here: {reason}\n")
