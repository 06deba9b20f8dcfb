drop table api_token, session, sign_in_failure, account_role, post_role, role, appointment, account, post, post_kind,
    organisation, directory_version;
