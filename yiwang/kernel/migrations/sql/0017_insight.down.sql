drop table insight_appeal, insight_count_1, insight_many_1, insight_fact_1, insight_life_1, insight_count_0, insight_many_0,
    insight_fact_0, insight_life_0, insight_progress, insight_object, insight_slice, insight_declaration;
