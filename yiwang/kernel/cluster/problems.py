"""What can go wrong with the database, each with words that say what to do next. Floor 0."""

from __future__ import annotations

from yiwang.kernel.errors import Problem


class BinariesMissing(Problem):
    code = "cluster.binaries_missing"
    zh = "没有找到可用的 PostgreSQL(15 或更高)和 PostGIS(3.3 或更高)[{seen}]。请依次执行:{commands}"
    en = "No usable PostgreSQL (15 or later) with PostGIS (3.3 or later) was found [{seen}]. Run in order: {commands}"


class BinariesUnusable(Problem):
    code = "cluster.binaries_unusable"
    zh = "YIWANG_PG_BIN={folder} 不可用:{reason}。请改为含有 postgres、initdb 的目录,或清空此项由程序自行查找。"
    en = (
        "YIWANG_PG_BIN={folder} cannot be used: {reason}. Point it at a folder that holds postgres and initdb, "
        "or unset it and let the program look."
    )


class InstallFailed(Problem):
    code = "cluster.install_failed"
    zh = "自动安装 PostgreSQL 未成功({step}):{reason}。检查网络与软件源后重试,或手工执行:{commands}"
    en = (
        "Installing PostgreSQL failed ({step}): {reason}. Check the network and the package sources and try again, "
        "or run by hand: {commands}"
    )


class ReleaseTooOld(Problem):
    code = "cluster.release_too_old"
    zh = "本系统的软件源没有 PostgreSQL 15 或更高版本及其 PostGIS。请依次执行:{commands}"
    en = "The package sources of this system offer no PostgreSQL 15 or later with PostGIS. Run in order: {commands}"


class DataOfOtherVersion(Problem):
    code = "cluster.data_of_other_version"
    zh = (
        "数据目录 {data} 由 PostgreSQL {need} 建立,而本机只有 {have}。请安装 PostgreSQL {need} 与其 PostGIS 后重试"
        "(Debian/Ubuntu:apt-get install postgresql-{need} postgresql-{need}-postgis-3);"
        "如要升级,先用旧版 pg_dump 备份再恢复。"
    )
    en = (
        "The data in {data} was made by PostgreSQL {need}, but this machine has {have}. Install PostgreSQL {need} with "
        "its PostGIS and try again (Debian/Ubuntu: apt-get install postgresql-{need} postgresql-{need}-postgis-3); "
        "to upgrade, dump with the old pg_dump first and restore into the new one."
    )


class DiskFull(Problem):
    code = "cluster.disk_full"
    status = 507
    zh = (
        "{folder} 所在磁盘只剩 {free_mb} MB,数据库至少需要 {need_mb} MB。"
        "请清理磁盘,或把 YIWANG_HOME 设到更大的磁盘后重试。"
    )
    en = (
        "The disk of {folder} has {free_mb} MB left; the database needs at least {need_mb} MB. Make room, or set "
        "YIWANG_HOME to a folder on a larger disk, and try again."
    )


class HomeUnusable(Problem):
    code = "cluster.home_unusable"
    zh = "目录 {folder} 不能存放数据库:{reason}。请修正权限,或把 YIWANG_HOME 设为另一个目录。"
    en = (
        "The folder {folder} cannot hold the database: {reason}. Correct its permissions or set YIWANG_HOME to another."
    )


class DataOfSomebodyElse(Problem):
    code = "cluster.data_of_somebody_else"
    zh = "数据目录 {data} 属于账号 {owner}。请用 root 或 {owner} 运行,或把 YIWANG_HOME 设为另一个目录。"
    en = "The data in {data} belong to the account {owner}. Run as root or as {owner}, or set another YIWANG_HOME."


class ParentClosed(Problem):
    code = "cluster.parent_closed"
    zh = "账号 {account} 进不去 {data}:有一级上层目录不允许通过。请对各上层目录执行 chmod o+x。"
    en = (
        "The account {account} cannot enter {data}: a folder above it does not let it pass. "
        "Run chmod o+x on the folders above."
    )


class AccountMissing(Problem):
    code = "cluster.account_missing"
    zh = "PostgreSQL 不允许以 root 运行,而系统中没有账号 postgres,也无法新建。请执行 useradd --system yiwang 后重试。"
    en = (
        "PostgreSQL refuses to run as root, and there is no account postgres, nor could one be made. "
        "Run useradd --system yiwang and try again."
    )


class FolderTaken(Problem):
    code = "cluster.folder_taken"
    zh = "目录 {folder} 已存在且属于 {owner},不能用于数据库。请删除它,或把 YIWANG_HOME 设为更短的路径。"
    en = "The folder {folder} exists already and belongs to {owner}. Delete it, or set YIWANG_HOME to a shorter path."


class DataInUse(Problem):
    code = "cluster.data_in_use"
    status = 503
    zh = "{data} 正被另一个数据库进程使用(可能在另一个容器里)。请先停止它。"
    en = "Another server uses the data in {data}, perhaps in another container. Stop that one first."


class InitialiseFailed(Problem):
    code = "cluster.initialise_failed"
    zh = "数据库初始化失败:{reason}。请按此原因处理后重试。"
    en = "The database could not be initialised: {reason}. Remove that cause and try again."


class StartFailed(Problem):
    code = "cluster.start_failed"
    status = 503
    zh = "数据库没有启动:{reason}。日志在 {log};处理后重试,或运行 make doctor。"
    en = "The database did not start: {reason}. Its log is {log}; remove the cause and try again, or run make doctor."


class StopFailed(Problem):
    code = "cluster.stop_failed"
    zh = "数据库(进程 {pid})在 {seconds} 秒内没有停下。请看 {log};必要时执行 kill -QUIT {pid}(已提交的数据不会丢失)。"
    en = (
        "The database (process {pid}) did not stop within {seconds} s. See {log}; if needed run kill -QUIT {pid} "
        "(nothing committed is lost)."
    )


class LockedByOther(Problem):
    code = "cluster.locked"
    status = 503
    zh = "另一个进程正在启动或停止 {folder} 的数据库,{seconds} 秒仍未结束。请结束它后重试。"
    en = "Another process has been starting or stopping the database of {folder} for {seconds} s. End it and try again."


class ServerUnreachable(Problem):
    code = "database.unreachable"
    status = 503
    zh = "连接不上数据库 {where}:{reason}。请检查 YIWANG_DATABASE_URL、网络和口令,或清空此项改用自带数据库。"
    en = (
        "The database {where} cannot be reached: {reason}. Check YIWANG_DATABASE_URL, the network and the password, "
        "or unset it to use the embedded one."
    )


class ServerTooOld(Problem):
    code = "database.too_old"
    zh = "数据库 {where} 的{what}版本是 {have},需要 {need} 或更高。请升级,或清空 YIWANG_DATABASE_URL 改用自带数据库。"
    en = (
        "{what} on the database {where} is {have}; {need} or later is needed. Upgrade it, or unset "
        "YIWANG_DATABASE_URL to use the embedded one."
    )


class ExtensionUnavailable(Problem):
    code = "database.extension_unavailable"
    zh = (
        "数据库 {where} 没有安装扩展 {extension}。请在该服务器安装"
        "(Debian/Ubuntu:apt-get install postgresql-{major}-postgis-3 postgresql-contrib)后重试。"
    )
    en = (
        "The database {where} does not offer the extension {extension}. Install it on that server "
        "(Debian/Ubuntu: apt-get install postgresql-{major}-postgis-3 postgresql-contrib) and try again."
    )


class RightsMissing(Problem):
    code = "database.rights_missing"
    zh = "账号 {user} 无权在 {where} 上完成准备。请数据库管理员执行下列 SQL 后重试:{sql}"
    en = (
        "The account {user} may not prepare {where}. Ask the database administrator to run this SQL, "
        "then try again: {sql}"
    )


class EncodingWrong(Problem):
    code = "database.encoding"
    zh = "数据库 {where} 的编码是 {have},需要 UTF8。请数据库管理员执行后改用新库:{sql}"
    en = "The encoding of {where} is {have}; UTF8 is needed. Ask the administrator to run this and use it: {sql}"
