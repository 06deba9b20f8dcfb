-- Flow, looking: figures of steps by period, and whole cases of a definition in the order of their start.

-- Steps are only ever added, in the order in which they end, so ranges of blocks tell the period: 200 kB for a million steps, and
-- nearly nothing to pay when a step is written. `minmax_multi` keeps a late import from spoiling a range.
create index flow_step_done on flow_step using brin (done_at timestamptz_minmax_multi_ops)
    with (pages_per_range = 32, autosummarize = on);

-- Event logs page through the cases of a definition.
create index flow_instance_definition on flow_instance (definition_id, started_at, id);
