-- Possible as long as nothing uses what the older software cannot run: sub-processes, rounds, calls, waiting events, added tasks.
do $$
begin
    if exists (select from flow_scope) or exists (select from flow_wait) or exists (select from flow_event)
        or exists (select from flow_token where kind <> 'join')
        or exists (select from flow_task where held or kind <> 'step' or scope_id is not null)
        or exists (select from flow_timer m where not exists (select from flow_task t where t.id = m.holder_id)) then
        raise exception 'running flows use elements that the older version cannot run; finish or cancel them first';
    end if;
end $$;
drop index flow_instance_own;
drop table flow_extension;
drop table flow_copy;
drop table flow_start;
drop table flow_event;
drop table flow_wait;
alter table flow_timer rename constraint flow_timer_holder_node to flow_timer_task_id_node_key;
alter table flow_timer drop column left_count;
alter table flow_timer rename column holder_id to task_id;
drop table flow_scope;
drop index flow_token_instance;
alter table flow_token
    drop column kind,
    drop column scope_id,
    add constraint flow_token_instance_id_sequence_flow_key unique (instance_id, sequence_flow) deferrable initially deferred;
update flow_step set how = 'withdrawn' where how in ('recalled', 'event', 'moved');
update flow_step set how = 'done' where how = 'auto';
alter table flow_step
    drop constraint flow_step_how_check,
    add constraint flow_step_how_check check (how in ('done', 'skipped', 'sent_back', 'timer', 'withdrawn', 'jumped', 'cancelled')),
    drop column kind,
    drop column definition_id,
    drop column scope_id;
alter table flow_task
    drop constraint flow_task_queue,
    add constraint flow_task_check check ((post_id is null) <> (assignee_id is null)),
    drop column origin,
    drop column held,
    drop column of_task,
    drop column kind,
    drop column definition_id,
    drop column scope_id;
