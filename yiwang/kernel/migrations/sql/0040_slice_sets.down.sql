-- Sets become sums of bits again; slices that have no bit go, with their counts.
create temp table bits on commit drop as
    select id, coalesce((select sum(1::bigint << n)::bigint from unnest(slices) n where n < 62), 0) as sum
    from insight_slice_set;
update insight_life_0 l set slices = b.sum from bits b where b.id = l.slices and b.sum <> b.id;
update insight_life_1 l set slices = b.sum from bits b where b.id = l.slices and b.sum <> b.id;
delete from insight_count_0 where slice >= 62;
delete from insight_count_1 where slice >= 62;
delete from insight_slice where number >= 62;
update insight_progress p set
    scopes = (select coalesce(string_agg(n, ',' order by n::int), '') from unnest(string_to_array(p.scopes, ',')) n
        where n::int < 62),
    rebuild_scopes = case when rebuild_scopes is not null then (
        select coalesce(string_agg(n, ',' order by n::int), '') from unnest(string_to_array(p.rebuild_scopes, ',')) n
        where n::int < 62) end;

drop table insight_slice_set;
alter table insight_slice drop constraint insight_slice_number_check;
alter table insight_slice rename column number to bit;
alter table insight_slice add check (bit between 0 and 61);
