"""A notation of what pickles hold, in which Python's values and JavaScript's can be compared.

`notation.ts` writes the same of what is read there. With `exact`, what JavaScript does not show is told, too:
microseconds and time zones, so that what was written there can be compared with what it was made of.

As a program it answers lines, each the hexadecimal digits of a pickle, with a digest of its exact notation.
"""

import array
import collections
import datetime
import decimal
import fractions
import hashlib
import pickle
import struct
import sys
import uuid

MOST_NESTED = 12
EPOCH = datetime.datetime(1970, 1, 1)
MILLISECOND = datetime.timedelta(milliseconds=1)

KNOWN = set("""
_codecs.encode collections.OrderedDict collections.Counter collections.defaultdict collections.deque
copy_reg._reconstructor copyreg._reconstructor datetime.datetime datetime.date datetime.time
datetime.timedelta datetime.timezone datetime.tzinfo decimal.Decimal _decimal.Decimal fractions.Fraction
uuid.UUID array.array array._array_reconstructor zoneinfo.ZoneInfo zoneinfo.ZoneInfo._unpickle pytz._UTC
pytz._p pytz.FixedOffset pytz._FixedOffset dateutil.tz.tz.tzutc dateutil.tz.tz.tzoffset
dateutil.tz.tz.tzfile dateutil.tz.tz._ttinfo numpy.dtype numpy.core.multiarray.scalar
""".split())
BUILTINS = """bytes bytearray complex set frozenset range xrange getattr object dict float int list long str
tuple unicode bool""".split()


class Unknown(Exception):
    pass


def is_known(name):
    module, _, rest = name.partition(".")
    return name in KNOWN or module in ("builtins", "__builtin__") and rest in BUILTINS


def digest(value, exact=False):
    return hashlib.sha256(notate(value, exact, ()).encode()).hexdigest()[:14]


def notate(value, exact, around):
    if len(around) > MOST_NESTED:
        raise ValueError("what is nested so deep may be a few values again and again")
    kind = type(value)
    if kind in SCALARS:
        return SCALARS[kind](value, exact)
    if isinstance(value, datetime.tzinfo):
        return zone(value, exact)
    if kind.__module__ == "numpy":
        return f"n{kind.__name__}:{notate(value.item(), exact, ())}"
    if kind not in CONTAINERS:
        raise Unknown(f"{kind.__module__}.{kind.__qualname__}")
    for depth, other in enumerate(around):
        if other is value:
            return f"^{depth}"
    inner = around + (value,)
    return CONTAINERS[kind](value, lambda part: notate(part, exact, inner))


def text(value):
    return "s" + value.encode("utf-16-be", "surrogatepass").hex()


def bits(value):
    return "nan" if value != value else struct.pack(">d", value).hex()


def number(value):
    if value == value and abs(value) < 2**53 and value == int(value) and bits(value) != bits(-0.0):
        return f"i{int(value)}"
    return "f" + bits(value)


def moment(value, exact):
    if exact:
        zone = "naive" if value.tzinfo is None else type(value.tzinfo).__name__ + str(value.tzinfo)
        return f"D{value.isoformat()} {zone} {value.fold}"
    offset = value.utcoffset()
    wall = value.replace(tzinfo=None) - EPOCH
    return f"{'d' if offset is None else 'D'}{(wall - (offset or 0 * MILLISECOND)) // MILLISECOND}"


def zone(value, exact):
    if exact:
        return f"z{type(value).__name__}{value}"
    offset = value.utcoffset(None)
    return "z" if offset is None else f"z{offset // MILLISECOND}"


def decimal_text(value, exact):
    return f"m{value}"


SCALARS = {
    type(None): lambda value, exact: "N",
    bool: lambda value, exact: "T" if value else "F",
    int: lambda value, exact: f"i{value}",
    float: lambda value, exact: number(value),
    complex: lambda value, exact: f"c{bits(value.real)},{bits(value.imag)}",
    str: lambda value, exact: text(value),
    bytes: lambda value, exact: "b" + value.hex(),
    bytearray: lambda value, exact: "b" + value.hex(),
    datetime.datetime: moment,
    datetime.date: lambda value, exact: f"a{value.isoformat()}",
    datetime.time: lambda value, exact: f"t{value.replace(tzinfo=None).isoformat()}{value.fold}" + (
        "" if value.tzinfo is None else zone(value.tzinfo, exact)),
    datetime.timedelta: lambda value, exact: f"x{value.days},{value.seconds},{value.microseconds}",
    decimal.Decimal: decimal_text,
    fractions.Fraction: lambda value, exact: f"q{value.numerator}/{value.denominator}",
    uuid.UUID: lambda value, exact: f"u{value}",
    range: lambda value, exact: f"r{value.start},{value.stop},{value.step}",
}


def pairs(value, part):
    return "{" + ",".join(sorted(f"{part(key)}:{part(value[key])}" for key in value)) + "}"


def items(value, part):
    return ",".join(part(item) for item in value)


def factory(value):
    made = value.default_factory
    return "None" if made is None else made.__name__


CONTAINERS = {
    list: lambda value, part: f"[{items(value, part)}]",
    tuple: lambda value, part: f"({items(value, part)})",
    dict: pairs,
    set: lambda value, part: "S{" + ",".join(sorted(map(part, value))) + "}",
    frozenset: lambda value, part: "Z{" + ",".join(sorted(map(part, value))) + "}",
    collections.OrderedDict: lambda value, part: "OrderedDict" + pairs(value, part),
    collections.Counter: lambda value, part: "Counter" + pairs(value, part),
    collections.defaultdict: lambda value, part: f"defaultdict:{factory(value)}" + pairs(value, part),
    collections.deque: lambda value, part: f"deque:{value.maxlen}[{items(value, part)}]",
    array.array: lambda value, part: f"array:{value.typecode}[{items(value, part)}]",
}


def main():
    for line in sys.stdin:
        try:
            print(digest(pickle.loads(bytes.fromhex(line), encoding="latin1"), exact=True))
        except Exception as error:
            print("cannot read:", repr(error).replace("\n", " "))


if __name__ == "__main__":
    main()
