"""Makes tests/vectors/real_pickles.json.gz: 10,000 pickles that real programs make, and what they hold.

Run it with Debian's python3 and the packages libpython3.11-testsuite, python3-django, python3-numpy,
python3-tz and python3-dateutil:

    /usr/bin/python3 make_real_pickles.py ../../vectors/real_pickles.json.gz

The pickles are those that CPython's own tests make of their data, and those that Django's sessions and
caches store. Beside each stands a digest of what Python reads it as, in the notation of `notation.py`, or
the names in it of what is not plain data.
"""

import base64
import gzip
import io
import json
import os
import pickle
import pickletools
import random
import sys
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from notation import Unknown, digest, is_known

COUNT = 10_000
MOST_BYTES = 1_500
FROM_DJANGO = 4_500
MOST_OF_A_TEST = 3_000

TESTS = """
test.test_pickle test.test_decimal test.test_deque test.test_defaultdict test.test_ordered_dict
test.test_collections test.test_uuid test.test_fractions test.test_array test.test_zoneinfo test.test_range
test.test_set test.test_enum test.test_dict test.test_exceptions test.test_types test.test_slice
test.test_copyreg
""".split()

seen = {}


def record(data, source):
    data = bytes(data)
    if len(data) <= MOST_BYTES and data not in seen:
        seen[data] = source


def recorder(make, source):
    def dumps(obj, protocol=None, **options):
        data = make(obj, protocol, **options)
        if not options.get("buffer_callback"):
            record(data, source)
        return data
    return dumps


def record_tests():
    """Runs CPython's tests, and records what they pickle on the way, in every protocol."""
    original = pickle.dumps
    for name in TESTS:
        source = f"CPython {name}"
        pickle.dumps = recorder(original, source)
        pickle._dumps = pickle.dumps
        stream = io.StringIO()
        stdout, sys.stdout = sys.stdout, stream
        try:
            suite = unittest.defaultTestLoader.loadTestsFromName(name)
            unittest.TextTestRunner(stream=stream, verbosity=0).run(suite)
        except Exception as error:
            print(name, repr(error), file=sys.stderr)
        finally:
            sys.stdout = stdout
        print(name, len(seen), file=sys.stderr, flush=True)
    pickle.dumps = pickle._dumps = original
    from test import pickletester
    for name in dir(pickletester):
        value = getattr(pickletester, name)
        if name.startswith("DATA") and isinstance(value, bytes):
            record(value, "CPython test.pickletester")


def record_django():
    """Has Django's sessions and caches store what web applications store."""
    import django
    from django.conf import settings
    settings.configure(
        SECRET_KEY="not a secret",
        USE_TZ=True,
        TIME_ZONE="Europe/Berlin",
        INSTALLED_APPS=["django.contrib.sessions"],
        SESSION_ENGINE="django.contrib.sessions.backends.cache",
        SESSION_SERIALIZER="django.contrib.sessions.serializers.PickleSerializer",
        CACHES={"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache",
                            "OPTIONS": {"MAX_ENTRIES": 1_000_000}}},
    )
    django.setup()
    import warnings
    warnings.simplefilter("ignore")
    from django.contrib.sessions.backends.cache import SessionStore
    from django.contrib.sessions.serializers import PickleSerializer
    from django.core.cache import cache
    from django.core.cache.backends import locmem
    from django.http import HttpResponse
    from django.utils.safestring import mark_safe
    from django.utils.translation import gettext_lazy
    chance = random.Random(20260101)
    dumps = pickle.dumps
    made = 0
    while made < FROM_DJANGO:
        before = len(seen)
        value = chance.choice(MAKERS)(chance)
        protocol = chance.choice([2, 3, 4, 4, 5, 5])
        if chance.random() < 0.3:
            session = SessionStore()
            session["_auth_user_id"] = str(chance.randrange(100_000))
            session["_auth_user_backend"] = "django.contrib.auth.backends.ModelBackend"
            session["_auth_user_hash"] = f"{chance.getrandbits(160):040x}"
            session["data"] = value
            session.save()
            for stored in locmem._caches[""].values():
                record(stored, "Django session in a cache")
            record(PickleSerializer().dumps(dict(session.items())), "Django session")
        else:
            cache.set("key", value)
            for stored in locmem._caches[""].values():
                record(stored, "Django cache")
            record(dumps(value, protocol), "Django cache of another protocol")
        cache.clear()
        made += len(seen) - before
    for value in [HttpResponse("<p>page</p>"), mark_safe("<b>safe</b>"), gettext_lazy("Yes")]:
        for protocol in range(2, 6):  # Django's pages and lazy texts have no form in protocols below
            record(dumps(value, protocol), "Django page")


def makers():
    import array
    import collections
    import dateutil.tz
    import datetime
    import decimal
    import fractions
    import numpy
    import pytz
    import uuid
    import zoneinfo
    names = ["Europe/Berlin", "America/New_York", "Asia/Tokyo", "Australia/Lord_Howe", "UTC",
             "America/Sao_Paulo", "Africa/Casablanca", "Asia/Kolkata", "Europe/Dublin"]

    def wall(chance):
        return datetime.datetime(chance.randrange(1975, 2037), chance.randrange(1, 13),
                                 chance.randrange(1, 29), chance.randrange(24), chance.randrange(60),
                                 chance.randrange(60), chance.choice([0, 0, chance.randrange(10**6)]))

    def zone(chance):
        name = chance.choice(names)
        return chance.choice([
            lambda: datetime.timezone.utc,
            lambda: datetime.timezone(datetime.timedelta(minutes=chance.randrange(-720, 840, 15))),
            lambda: datetime.timezone(datetime.timedelta(hours=chance.randrange(-12, 14)), "X"),
            lambda: zoneinfo.ZoneInfo(name),
            lambda: pytz.utc,
            lambda: pytz.FixedOffset(chance.randrange(-720, 840, 15)),
            lambda: dateutil.tz.tzutc(),
            lambda: dateutil.tz.tzoffset(chance.choice([None, "Y"]), chance.randrange(-43_200, 46_800, 900)),
        ])()

    def aware(chance):
        if chance.random() < 0.2:
            return pytz.timezone(chance.choice(names)).localize(wall(chance))
        return wall(chance).replace(tzinfo=zone(chance), fold=chance.randrange(2))

    def change(chance):
        """A time near one at which clocks are put forward or back."""
        name = chance.choice(names[:4])
        year = chance.randrange(1996, 2030)
        moment = chance.choice([datetime.datetime(year, 3, 31), datetime.datetime(year, 10, 27),
                                datetime.datetime(year, 11, 3), datetime.datetime(year, 4, 4)])
        moment += datetime.timedelta(days=chance.randrange(-7, 8), minutes=chance.randrange(0, 240, 10))
        return moment.replace(tzinfo=zoneinfo.ZoneInfo(name), fold=chance.randrange(2))

    def price(chance):
        return decimal.Decimal(chance.randrange(-10**6, 10**8)).scaleb(-chance.randrange(0, 5))

    def identifier(chance):
        return uuid.UUID(int=chance.getrandbits(128))

    def text(chance):
        return "".join(chance.choice("abc déß€😀\n\x00") for _ in range(chance.randrange(12)))

    def scalar(chance):
        return chance.choice([
            lambda: None, lambda: True, lambda: chance.randrange(-10, 300),
            lambda: chance.randrange(-2**70, 2**70), lambda: chance.uniform(-5, 5), lambda: text(chance),
            lambda: bytes(chance.randrange(256) for _ in range(6)), lambda: price(chance),
            lambda: identifier(chance), lambda: aware(chance), lambda: wall(chance),
            lambda: wall(chance).date(), lambda: wall(chance).time(),
            lambda: datetime.timedelta(seconds=chance.uniform(-10**6, 10**6)),
            lambda: fractions.Fraction(chance.randrange(-99, 99), chance.randrange(1, 99)),
            lambda: complex(chance.randrange(5), 1.5), lambda: range(chance.randrange(9), 20, 3),
        ])()

    def order(chance):
        return {"id": identifier(chance), "total": price(chance), "made": aware(chance),
                "items": [{"sku": text(chance), "price": price(chance), "n": chance.randrange(1, 9)}
                          for _ in range(chance.randrange(4))]}

    def tally(chance):
        counts = collections.Counter(chance.choice("abc") for _ in range(chance.randrange(20)))
        pages = collections.OrderedDict((f"/{i}", scalar(chance)) for i in range(chance.randrange(5)))
        groups = collections.defaultdict(chance.choice([list, int, set, dict, str, None]))
        groups["x"] = scalar(chance)
        return [counts, pages, groups, collections.deque([1, scalar(chance)], chance.choice([None, 9]))]

    def numbers(chance):
        kind = chance.choice("bBhHiIlLqQfd")
        kinds = ["bool_", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64",
                 "float16", "float32", "float64", "complex64", "complex128"]
        return [array.array(kind, [chance.randrange(100) for _ in range(chance.randrange(5))]),
                array.array("u", text(chance)),
                [getattr(numpy, name)(chance.randrange(2, 100)) for name in chance.sample(kinds, 3)],
                numpy.float64(chance.uniform(-9, 9)), numpy.str_(text(chance).strip("\x00"))]

    def keyed(chance):
        return {identifier(chance): 1, wall(chance).date(): {price(chance), (1, text(chance))},
                (text(chance), 2): frozenset([identifier(chance), 3]), price(chance): aware(chance)}

    return [order, tally, numbers, keyed, scalar, change, aware,
            lambda chance: [scalar(chance) for _ in range(chance.randrange(6))],
            lambda chance: {text(chance): scalar(chance) for _ in range(5)}]


MAKERS = makers()


def outcome(data):
    """A digest, or the names that make it unreadable; None for what is left out."""
    names, strings = set(), []
    try:
        for opcode, argument, _ in pickletools.genops(data):
            if opcode.name in ("PERSID", "BINPERSID", "EXT1", "EXT2", "EXT4", "NEXT_BUFFER"):
                return None
            if opcode.name in ("GLOBAL", "INST"):
                names.add(argument.replace(" ", ".", 1))
            elif opcode.name == "STACK_GLOBAL":
                return by_loading(data)
    except Exception:
        return None
    return judged(data, {name for name in names if not is_known(name)})


def by_loading(data):
    """The names in a pickle of protocol 4 or 5, which the pickle machine has to be run for."""
    names = set()

    class Names(pickle._Unpickler):
        def find_class(self, module, name):
            names.add(f"{module}.{name}")
            return super().find_class(module, name)

    try:
        Names(io.BytesIO(data)).load()
    except Exception:
        return None
    return judged(data, {name for name in names if not is_known(name)})


def judged(data, foreign):
    if foreign:
        return sorted(foreign)
    try:
        return digest(pickle.loads(data, encoding="latin1"))
    except Unknown as unknown:
        return [str(unknown)]
    except Exception:
        return None


def main(path):
    record_tests()
    from_cpython = len(seen)
    record_django()
    chance = random.Random(1)
    by_source = {}
    for data, source in seen.items():
        by_source.setdefault(source, []).append(data)
    for source, datas in by_source.items():  # one test makes 15,000
        chance.shuffle(datas)
        del datas[MOST_OF_A_TEST if source.startswith("CPython") else COUNT:]
    pickles = [(source, data, outcome(data)) for source, datas in by_source.items() for data in datas]
    pickles = [entry for entry in pickles if entry[2] is not None]
    django = [entry for entry in pickles if entry[0].startswith("Django")]
    cpython = [entry for entry in pickles if not entry[0].startswith("Django")]
    refused = [entry for entry in cpython if isinstance(entry[2], list)]
    read = [entry for entry in cpython if not isinstance(entry[2], list)]
    print(from_cpython, len(read), len(refused), len(django), file=sys.stderr)
    room = COUNT - len(django)
    chance.shuffle(refused)
    chance.shuffle(read)
    few = refused[:max(room - len(read), room // 4)]
    chosen = django + few + read[:room - len(few)]
    chosen.sort(key=lambda entry: (entry[0], len(entry[1]), entry[1]))
    document = {"pickles": [[source, base64.b64encode(data).decode(), expected]
                            for source, data, expected in chosen]}
    with open(path, "wb") as file:
        file.write(gzip.compress(json.dumps(document, separators=(",", ":")).encode(), 9, mtime=0))
    print(len(chosen), os.path.getsize(path), file=sys.stderr)


if __name__ == "__main__":
    main(sys.argv[1])
