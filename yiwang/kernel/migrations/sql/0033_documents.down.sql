drop table document;
drop table document_key;
drop table document_counter;
drop table document_type;
