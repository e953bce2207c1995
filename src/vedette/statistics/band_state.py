"""The state of anomaly bands as bytes: versioned, compressed, checked when read."""

from __future__ import annotations

import struct
import zlib
from dataclasses import asdict, fields

import numpy as np
import orjson

from vedette.statistics.band_step import BandOptions
from vedette.statistics.bands import Bands

VERSION = 1

_HEADER = struct.Struct("<4sBI")
_MAGIC = b"VDBN"
_LEVEL = 1


def dump(bands: Bands) -> bytes:
    """Return the state of bands."""
    head = orjson.dumps(
        {"series": bands.series, "period": bands.period, "options": asdict(bands.options)}
    )
    arrays = b"".join(np.ascontiguousarray(one, "<f4").tobytes() for one in bands.arrays().values())
    # Bytes of one significance side by side compress better than whole numbers.
    planes = np.frombuffer(arrays, np.uint8).reshape(-1, 4).T.tobytes()
    return _HEADER.pack(_MAGIC, VERSION, len(head)) + head + zlib.compress(planes, _LEVEL)


def load(data: bytes) -> Bands:
    """Return the bands that ``dump`` wrote.

    Raises:
        ValueError: it is no such state, is damaged, or another version wrote it.

    """
    try:
        magic, version, length = _HEADER.unpack_from(data)
        if magic != _MAGIC or version != VERSION:
            raise ValueError(f"not a band state of version {VERSION}")
        start = _HEADER.size
        head = orjson.loads(data[start : start + length])
        names = {one.name for one in fields(BandOptions)}
        options = {name: one for name, one in head["options"].items() if name in names}
        out = Bands(head["series"], head["period"], BandOptions(**options))
        planes = zlib.decompress(data[start + length :])
    except (struct.error, zlib.error, orjson.JSONDecodeError, KeyError, TypeError) as error:
        raise ValueError("a band state is damaged") from error
    numbers = np.frombuffer(planes, np.uint8).reshape(4, -1).T.copy().view("<f4").ravel()
    ends = np.cumsum([one.size for one in out.arrays().values()])
    if ends[-1] != numbers.size:
        raise ValueError("a band state is of another size than its series need")
    parts = np.split(numbers, ends[:-1])
    out.restore(
        {
            name: part.reshape(empty.shape)
            for (name, empty), part in zip(out.arrays().items(), parts, strict=True)
        }
    )
    return out
