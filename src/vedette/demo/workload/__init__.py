"""A small ML system on real data: it tells which flights from New York will be late.

Five services, each a process of its own: ``etl`` loads a day of flights a round into a feature
store, starts ``trainer`` every few rounds, ``predict-api`` answers with the newest model,
``prediction-logger`` takes what was predicted from a queue, and ``traffic-client`` asks. They see
Vedette only through its SDK and OpenTelemetry, as any user's program would.
"""
