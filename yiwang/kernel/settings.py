"""Settings from the environment (``YIWANG_*``) or a ``.env`` file, checked at start with words that say what to do."""

from __future__ import annotations

from ipaddress import ip_network
from pathlib import Path
from typing import Literal

from pydantic import Field, ValidationError, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from yiwang.kernel.errors import FieldError, Problem


class SettingsInvalid(Problem):
    code = "settings.invalid"
    status = 500
    zh = "启动设置有 {count} 处错误:{details}"
    en = "{count} settings are wrong: {details}"


class Settings(BaseSettings):
    """Everything that can be set from outside. Each field is an environment variable with the prefix ``YIWANG_``."""

    model_config = SettingsConfigDict(env_prefix="YIWANG_", env_file=".env", extra="ignore", frozen=True)

    home: Path = Field(
        Path(".yiwang"), description="Folder of everything this installation keeps: database, attachments, logs."
    )
    database_url: str | None = Field(
        None, description="postgresql://… of one's own server (15+, PostGIS 3.3+); empty: a private one is run in HOME."
    )
    city: Path = Field(Path("cities/xiqing"), description="Folder of the city to run.")
    packs: Path = Field(Path("packs"), description="Folder that holds the packs.")
    host: str = Field("127.0.0.1", description="Address to listen on; 0.0.0.0 opens the server to the network.")
    port: int = Field(8000, ge=1, le=65535, description="TCP port of the web server.")
    workers: int = Field(2, ge=1, le=64, description="Web worker processes.")
    database_connections: int = Field(8, ge=2, le=200, description="Database connections of one worker process.")
    demo: bool = Field(False, description="Show the demo accounts on the sign-in page; never on a real city.")
    upload_limit: int = Field(20 * 2**20, ge=2**16, le=2**30, description="Bytes that one uploaded file may have.")
    request_limit: int = Field(2 * 2**20, ge=2**14, le=2**28, description="Bytes that one JSON request may have.")
    virus_scanner: str | None = Field(
        None, description="Command that gets the path of an upload as last argument; exit 0 clean, 1 infected."
    )
    session_hours: float = Field(12, gt=0, le=24 * 30, description="Hours until an unused sign-in ends.")
    log_level: Literal["debug", "info", "warning", "error"] = Field("info", description="Lowest level that is logged.")
    log_format: Literal["json", "console"] = Field("json", description="One JSON object a line, or for reading by eye.")
    public_reports_per_minute: int = Field(
        60, ge=1, description="Reports that one address may send in a minute without an account."
    )
    open_data_per_minute: int = Field(
        1200, ge=1, description="Requests for open data that one address may send in a minute without an account."
    )

    trusted_proxies: str = Field(
        "",
        description="Addresses or networks of proxies on other machines, separated by commas, whose X-Forwarded-For and "
        "X-Forwarded-Proto are believed; proxies on this machine always are.",
    )
    gateway_hj212_host: str = Field("127.0.0.1", description="Address on which the HJ 212 gateway listens.")
    gateway_hj212_port: int = Field(9212, ge=1, le=65535, description="TCP port of the HJ 212 gateway.")
    gateway_jt808_host: str = Field("127.0.0.1", description="Address on which the JT/T 808 gateway listens.")
    gateway_jt808_port: int = Field(9808, ge=1, le=65535, description="TCP port of the JT/T 808 gateway.")
    gateway_mqtt_broker: str | None = Field(
        None,
        description="mqtt://user:password@host:1883 or mqtts://… of one's own broker; empty: a private one is run.",
    )
    gateway_connections_per_address: int = Field(
        100, ge=1, description="Connections that one remote address may hold to a gateway."
    )
    gateway_frames_per_second: float = Field(
        200, gt=0, description="Frames a second that one remote address may send to a gateway, on the average of ten."
    )
    gateway_trusted: str = Field(
        "127.0.0.0/8,::1/128",
        description="Addresses or networks that gateways do not limit: this machine, a load balancer before them.",
    )
    document_fonts: Path = Field(
        Path("/usr/share/fonts"),
        description="Folder in which the fonts of printed documents are sought (Noto Serif CJK SC).",
    )
    device_keys: Path | None = Field(
        None, description="File of the keys that seal device secrets; empty: HOME/device-keys. Back it up apart."
    )
    exchange_hosts: str = Field(
        "",
        description="Other systems that data may be fetched from or changes be sent to: names, addresses or networks,"
        " separated by commas (*.example covers names below); empty: none.",
    )
    exchange_inbox: Path | None = Field(
        None, description="Folder below which files of other offices are fetched; empty: HOME/inbox."
    )
    readings_days: int = Field(
        35,
        ge=2,
        le=36_500,
        description="Days that readings stay in the database before they move to the lake (HOME/lake).",
    )
    readings_kept_days: int = Field(
        0, ge=0, le=36_500, description="Days after which readings are dropped, their roll-ups staying; 0: never."
    )
    minutes_kept_days: int = Field(
        400, ge=2, le=36_500, description="Days that roll-ups by minute are kept; those by hour and day stay for ever."
    )
    patrol_kept_days: int = Field(
        30, ge=1, le=3650, description="Days that the ways of patrols are kept; older ones are removed every hour."
    )

    @property
    def proxy_networks(self) -> tuple[str, ...]:
        """The proxies of :attr:`trusted_proxies`."""
        return tuple(part.strip() for part in self.trusted_proxies.split(",") if part.strip())

    @property
    def trusted_remotes(self) -> tuple[str, ...]:
        """The networks of :attr:`gateway_trusted`."""
        return tuple(part.strip() for part in self.gateway_trusted.split(",") if part.strip())

    @field_validator("trusted_proxies", "gateway_trusted")
    @classmethod
    def _networks_only(cls, value: str) -> str:
        for part in value.split(","):
            if part.strip():
                ip_network(part.strip(), strict=False)  # its ValueError names what is wrong
        return value

    @field_validator("database_url")
    @classmethod
    def _postgresql_only(cls, value: str | None) -> str | None:
        if value is not None and not value.startswith(("postgresql://", "postgres://")):
            raise ValueError("must begin with postgresql://")
        return value or None


def load_settings() -> Settings:
    """The settings of this process.

    Raises:
        SettingsInvalid: naming every wrong variable, its value's fault and what is allowed.
    """
    try:
        return Settings()
    except ValidationError as error:
        errors = [
            FieldError(
                where="YIWANG_" + "_".join(str(part) for part in fault["loc"]).upper(),
                code="settings.invalid",
                zh=fault["msg"],
                en=fault["msg"],
            )
            for fault in error.errors()
        ]
        details = "; ".join(f"{item.where}: {item.en}" for item in errors)
        raise SettingsInvalid(errors=errors, count=len(errors), details=details) from error
