drop table flow_step, flow_timer, flow_token, flow_task, flow_instance, flow_definition;
drop function flow_definition_is_kept;
