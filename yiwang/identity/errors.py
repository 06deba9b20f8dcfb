"""Refusals of identity. Sign-in refusals say the same whether the login exists or not."""

from __future__ import annotations

from yiwang.kernel.errors import Problem


class AccountMissing(Problem):
    code = "identity.account_missing"
    status = 404
    zh = "没有找到该账号,或您无权查看。"
    en = "There is no such account, or you may not see it."


class TokenMissing(Problem):
    code = "identity.token_missing"
    status = 404
    zh = "没有找到该令牌,可能已撤销。"
    en = "There is no such token; it may have been revoked."


class HoldingMissing(Problem):
    code = "identity.holding_missing"
    status = 404
    zh = "该账号现在没有这项任职或授权,请刷新后再看。"
    en = "The account does not hold this post or role now; refresh the page."


class PostMissing(Problem):
    code = "identity.post_missing"
    status = 404
    zh = "没有找到该岗位,或它已撤销。"
    en = "There is no such post, or it is closed."


class OrganisationMissing(Problem):
    code = "identity.organisation_missing"
    status = 404
    zh = "没有找到该机构,或它已撤销,或不在您的管理范围内。"
    en = "There is no such organisation, it is closed, or it lies outside what you administer."


class SignInRefused(Problem):
    code = "identity.sign_in_refused"
    status = 401
    zh = "登录名或密码不正确,请核对后重试;连续失败 {limit} 次将锁定 {minutes} 分钟。"
    en = "Login or password is wrong; check both. {limit} failures in a row lock signing in for {minutes} minutes."


class SignInLocked(Problem):
    code = "identity.sign_in_locked"
    status = 423
    zh = "登录失败次数过多,已临时锁定,请 {minutes} 分钟后再试,或联系系统管理员解锁。"
    en = "Too many failed sign-ins; try again in {minutes} minutes or ask the system administrator to unlock."


class AccountClosed(Problem):
    code = "identity.account_closed"
    status = 403
    zh = "该账号已被停用或锁定,请联系系统管理员。"
    en = "This account is locked or disabled; ask the system administrator."


class PasswordWrong(Problem):
    code = "identity.password_wrong"
    status = 403
    zh = "当前密码不正确,密码未修改。"
    en = "The present password is wrong; the password was not changed."


class PasswordWeak(Problem):
    code = "identity.password_weak"
    status = 422
    zh = "密码不符合要求:{reason_zh}。"
    en = "The password is not acceptable: {reason_en}."


class CrossSite(Problem):
    code = "identity.cross_site"
    status = 403
    zh = "请求来自其他网站({origin}),已拒绝;请在本系统页面内操作。"
    en = "The request comes from another site ({origin}) and was refused; act from this system's own pages."


class TokenInvalid(Problem):
    code = "identity.token_invalid"
    status = 401
    zh = "令牌无效、已过期或已撤销,请重新生成。"
    en = "The token is not valid, has expired or was revoked; make a new one."


class TokenTooWide(Problem):
    code = "identity.token_too_wide"
    status = 422
    zh = "令牌不能超出您本人的权限:您没有“{verb}”(区域 {area})。"
    en = "A token cannot exceed your own grants: you do not have “{verb}” (area {area})."


class TokensTooMany(Problem):
    code = "identity.tokens_too_many"
    status = 409
    zh = "有效令牌已达上限 {limit} 个,请先撤销不用的令牌。"
    en = "There are {limit} valid tokens already; revoke those that are not used."


class PersonNeeded(Problem):
    code = "identity.person_needed"
    status = 403
    zh = "此操作必须由本人登录后进行,不能使用令牌。"
    en = "Only a signed-in person may do this, not a token."


class LoginTaken(Problem):
    code = "identity.login_taken"
    status = 409
    zh = "登录名 {login} 已被使用,请换一个。"
    en = "The login {login} is taken; choose another."


class AccountStateWrong(Problem):
    code = "identity.account_state"
    status = 409
    zh = "账号现在的状态是 {state},不能{action_zh}。"
    en = "The account is {state}; it cannot be {action_en}."


class AdministratorProtected(Problem):
    code = "identity.administrator_protected"
    status = 403
    zh = "{login} 是三员管理员账号,只能在服务器上用 yiwang 命令处理。"
    en = "{login} is the account of one of the three administrators; it is handled only by command on the server."


class OwnGrantRefused(Problem):
    code = "identity.own_grant"
    status = 403
    zh = "不能给自己授权或任命,请由另一位安全管理员办理。"
    en = "Nobody may grant a role or post to oneself; ask another security administrator."


class ClassesCollide(Problem):
    code = "identity.classes_collide"
    status = 409
    zh = "三员分立:{who} 会同时具有 {classes} 两类管理员角色,请先撤销其中之一。"
    en = "Separation of administrators: {who} would hold roles of {classes} at once; take one away first."


class RoleVerbRefused(Problem):
    code = "identity.role_verb"
    status = 422
    zh = "角色 {role} 不能包含 {verb}:{reason_zh}。"
    en = "Role {role} cannot have {verb}: {reason_en}."


class RoleUnknown(Problem):
    code = "identity.role_unknown"
    status = 422
    zh = "没有名为 {role} 的有效角色({where}),请先发布该角色或改正代码。"
    en = "There is no active role {role} ({where}); publish it first or correct the code."


class RoleTaken(Problem):
    code = "identity.role_taken"
    status = 409
    zh = "角色 {role} 已由 {source} 声明,请换一个代码或只在一处声明。"
    en = "Role {role} is declared by {source} already; use another code or declare it in one place."


class DeclaredTwice(Problem):
    code = "identity.declared_twice"
    status = 422
    zh = "{what_zh} {code} 声明了两次,请删去一处。"
    en = "{what_en} {code} is declared twice; keep one."


class OrganisationUnknown(Problem):
    code = "identity.organisation_unknown"
    status = 422
    zh = "没有代码为 {code} 的有效机构({where}),请先声明该机构或改正代码。"
    en = "There is no active organisation {code} ({where}); declare it first or correct the code."


class OrganisationCycle(Problem):
    code = "identity.organisation_cycle"
    status = 422
    zh = "机构 {codes} 互为上级,形成环路,请改正其中一个的 parent。"
    en = "The organisations {codes} stand above each other in a circle; correct the parent of one of them."


class OrganisationTooDeep(Problem):
    code = "identity.organisation_too_deep"
    status = 422
    zh = "机构 {code} 在第 {depth} 层,最多 {limit} 层,请减少层级。"
    en = "Organisation {code} is on level {depth}; at most {limit} levels are allowed."


class PostUnknown(Problem):
    code = "identity.post_unknown"
    status = 422
    zh = "机构 {organisation} 没有岗位 {code}(区域 {area}),请先发布该岗位。"
    en = "Organisation {organisation} has no post {code} (area {area}); publish it first."


class PostAmbiguous(Problem):
    code = "identity.post_ambiguous"
    status = 422
    zh = "机构 {organisation} 有 {count} 个 {code} 岗位,请写明区域。"
    en = "Organisation {organisation} has {count} posts {code}; say which by its area."


class PostTaken(Problem):
    code = "identity.post_taken"
    status = 409
    zh = "岗位 {organisation}/{code}(区域 {area})已由 {source} 发布,请只在一处声明。"
    en = "Post {organisation}/{code} (area {area}) is published by {source} already; declare it in one place."


class AppointmentExists(Problem):
    code = "identity.appointment_exists"
    status = 409
    zh = "{name} 在这段时间已任该岗位。"
    en = "{name} holds this post in that time already."


class PeriodWrong(Problem):
    code = "identity.period"
    status = 422
    zh = "结束时间 {ends} 不能早于开始时间 {starts}。"
    en = "The end {ends} must not lie before the beginning {starts}."


class RoleGrantExists(Problem):
    code = "identity.role_grant_exists"
    status = 409
    zh = "{name} 已有此范围的该角色。"
    en = "{name} has this role with this scope already."


class AbsenceMissing(Problem):
    code = "identity.absence_missing"
    status = 404
    zh = "没有找到该请假记录,或您无权查看。"
    en = "There is no such absence, or you may not see it."


class AbsenceOver(Problem):
    code = "identity.absence_over"
    status = 409
    zh = "该请假已于 {ended} 结束,不能再修改;如仍需代理,请重新登记。"
    en = "This absence ended at {ended} and cannot be changed; declare another if a deputy is still needed."


class AbsenceOverlaps(Problem):
    code = "identity.absence_overlaps"
    status = 409
    zh = "{name} 在 {starts} 至 {ends} 已登记请假,请修改或结束那一条。"
    en = "{name} has an absence from {starts} to {ends} already; change or end that one."


class AbsencePeriod(Problem):
    code = "identity.absence_period"
    status = 422
    zh = "请假从 {starts} 到 {ends} 不成立:结束须晚于开始和现在,最长 {days} 天。"
    en = "An absence from {starts} to {ends} is not possible: it has to end after it begins and after now, within {days} days."


class DeputyUnfit(Problem):
    code = "identity.deputy_unfit"
    status = 422
    zh = "不能由此人代理:{reason_zh}。"
    en = "This person cannot be the deputy: {reason_en}."


class AdministratorAbsence(Problem):
    code = "identity.administrator_absence"
    status = 409
    zh = "三员管理员的工作不能由代理人办理;请由安全管理员任命另一人担任该岗位。"
    en = "No deputy does the work of the three administrators; have somebody else appointed to the post instead."
