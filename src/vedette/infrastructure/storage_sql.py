"""The statement behind forecasts of storage: what is used, by file system and step of time.

Series are resolved first, by a few names of metrics; of those only is the rollup read. Labels are those of
OpenTelemetry's conventions, of the collector's older receivers (``state``, ``mountpoint``) and of
Prometheus' node exporter. Several processes of a host may each report its disks: the largest counts.
"""

from __future__ import annotations

from vedette.telemetry.ranges import in_coarse_range

METRICS = (
    "system.filesystem.usage",
    "system.filesystem.utilization",
    "node_filesystem_size_bytes",
    "node_filesystem_avail_bytes",
    "k8s.volume.capacity",
    "k8s.volume.available",
    "kubelet_volume_stats_capacity_bytes",
    "kubelet_volume_stats_available_bytes",
    "postgresql.db_size",
    "pg_database_size_bytes",
    "mongodb.storage.size",
    "vedette.store.size",
    "vedette.store.limit",
)
"""Metrics that tell how full something is."""
_NO_DISKS = "('tmpfs', 'devtmpfs', 'overlay', 'squashfs', 'iso9660', 'ramfs', 'proc', 'sysfs')"
_LABELLED = f"""
SELECT Account AS account, SeriesId AS series, MetricName AS metric,
    ResourceAttributes AS resource, Attributes AS labels, ServiceName AS service,
    multiIf(startsWith(metric, 'system.filesystem') OR startsWith(metric, 'node_filesystem'), 'filesystem',
        startsWith(metric, 'k8s.volume') OR startsWith(metric, 'kubelet_volume'), 'volume',
        startsWith(metric, 'vedette.store'), 'store', 'database') AS kind,
    multiIf(kind = 'store', 'vedette',
        resource['host.name'] != '', resource['host.name'],
        kind = 'volume' AND resource['k8s.node.name'] != '', resource['k8s.node.name'],
        kind = 'volume' AND labels['namespace'] != '', labels['namespace'],
        labels['instance'] != '', labels['instance'],
        resource['service.instance.id'] != '', resource['service.instance.id'], service) AS host,
    multiIf(kind = 'filesystem', if(labels['system.filesystem.mountpoint'] != '',
            labels['system.filesystem.mountpoint'], labels['mountpoint']),
        kind = 'volume', if(labels['persistentvolumeclaim'] != '', labels['persistentvolumeclaim'],
            concat(resource['k8s.pod.name'], if(resource['k8s.pod.name'] != '', '/', ''),
                if(labels['k8s.volume.name'] != '', labels['k8s.volume.name'],
                    resource['k8s.volume.name']))),
        kind = 'store', 'warehouse',
        resource['postgresql.database.name'] != '', resource['postgresql.database.name'],
        labels['datname'] != '', labels['datname'],
        labels['database'] != '', labels['database'], resource['database']) AS name,
    if(labels['system.device'] != '', labels['system.device'], labels['device']) AS device,
    multiIf(labels['system.filesystem.type'] != '', labels['system.filesystem.type'],
        labels['type'] != '', labels['type'], labels['fstype']) AS type,
    if(labels['system.filesystem.state'] != '', labels['system.filesystem.state'], labels['state']) AS state,
    multiIf(metric = 'system.filesystem.usage', state,
        metric = 'system.filesystem.utilization', if(state IN ('', 'used'), 'share', ''),
        metric IN ('node_filesystem_size_bytes', 'k8s.volume.capacity',
            'kubelet_volume_stats_capacity_bytes', 'vedette.store.limit'), 'total',
        metric IN ('node_filesystem_avail_bytes', 'k8s.volume.available',
            'kubelet_volume_stats_available_bytes'), 'free', 'used') AS role
FROM (
    SELECT Account, SeriesId, MetricName, ResourceAttributes, Attributes, ServiceName
    FROM @metric_series
    WHERE MetricName IN {{metrics:Array(String)}} AND Day >= toDate({{start:DateTime64(9, 'UTC')}})
        AND Day <= toDate({{end:DateTime64(9, 'UTC')}})
    LIMIT 1 BY Account, SeriesId
)
WHERE role IN ('used', 'free', 'total', 'share') AND type NOT IN {_NO_DISKS} AND host != ''
    AND ({{host:String}} = '' OR host = {{host:String}})
"""
# A share is read only where nothing tells bytes: else it would be the same once more.
_WANTED = f"""
SELECT account, series, kind, host, name, device, type, role FROM (
    SELECT *, countIf(role != 'share') OVER (PARTITION BY account, kind, host, name) AS sized
    FROM ({_LABELLED})
)
WHERE role != 'share' OR sized = 0
"""
ONE_HOST = f" AND SeriesId IN (SELECT series FROM ({_LABELLED}))"
"""Narrows what is read to the wanted series; for all hosts it would cost more than it saves."""
FULLNESS = f"""
SELECT w.account AS account, w.kind AS kind, w.host AS host, w.name AS name,
    max(w.device) AS device, max(w.type) AS type, max(w.role = 'share') AS is_share,
    maxMapIf(r.steps, r.highest, w.role IN ('used', 'share')) AS used,
    minMapIf(r.steps, r.lowest, w.role = 'free') AS free,
    maxMapIf(r.steps, r.highest, w.role = 'total') AS total
FROM (
    SELECT Account, SeriesId, groupArray(step) AS steps, groupArray(high) AS highest,
        groupArray(low) AS lowest
    FROM (
        SELECT Account, SeriesId, intDiv(toUnixTimestamp(Time), {{step:UInt32}}) AS step,
            max(Sum / Count) AS high, min(Sum / Count) AS low
        FROM @{{rollup}}
        WHERE MetricName IN {{metrics:Array(String)}} AND {in_coarse_range("Time", "{floor}")}{{only}}
        GROUP BY Account, SeriesId, step
    )
    GROUP BY Account, SeriesId
) AS r
INNER JOIN ({_WANTED}) AS w ON w.account = r.Account AND w.series = r.SeriesId
GROUP BY account, kind, host, name
ORDER BY host, name
LIMIT {{limit:UInt32}}
"""
