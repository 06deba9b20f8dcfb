"""The format of ``packs/*/resources/*.yaml``: what enters the resource catalogue when a city is published.

A declaration becomes a draft of the office that serves as ``provider``; its items are generated from the type. The steward
completes and registers it; what a person has written since is not overwritten.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

Key = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9-]*$", max_length=60)]
Attribute = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]*$", max_length=60)]


class Declaration(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Words(Declaration):
    """A text in both languages."""

    zh: str = Field(min_length=1, max_length=500)
    en: str = Field(min_length=1, max_length=500)


class Sharing(Declaration):
    """共享属性: on which terms other offices get it."""

    type: Literal[1, 2, 3] = Field(description="1 无条件共享, 2 有条件共享, 3 不予共享.")
    condition: str = Field("", max_length=500, description="The condition (type 2) or the legal basis (type 3).")
    method: Literal[1, 2, 3] = Field(3, description="1 数据库, 2 文件, 3 服务接口.")


class Opening(Declaration):
    """开放属性: whether the public gets it."""

    open: bool = Field(False, description="Whether everybody may have it; never its personal and sealed items.")
    condition: str = Field("", max_length=500, description="On which condition: naming the source.")


class ResourceDeclaration(Declaration):
    """One resource of the catalogue (政务信息资源)."""

    id: Key
    names: Words
    abstract: Words = Field(description="摘要: what the data are about.")
    class_code: str = Field(
        alias="class",
        pattern=r"^[123][0-9]{2}[0-9]{3}[0-9A-Z]{0,14}$",
        description="Class code: 类 1 digit (1 基础, 2 主题, 3 部门), 项 2, 目 3, 细目 of any length.",
    )
    provider: Key = Field(
        description="Code of the providing organisation, or the kind of department that it serves as."
    )
    type: Key | None = Field(None, description="The registry's type that holds the data; its attributes become items.")
    items: list[Attribute] = Field(
        default_factory=list, max_length=200, description="Only these attributes, in this order; empty: all."
    )
    format: int = Field(3, ge=1, le=7, description="1 电子文件 … 3 数据库 … 7 服务接口.")
    sharing: Sharing = Field(description="共享属性: on which terms other offices get it.")
    opening: Opening = Field(Opening(), description="开放属性: whether the public gets it.")
    cycle: int = Field(ge=1, le=7, description="1 实时, 2 每日, 3 每周, 4 每月, 5 每季度, 6 每年, 7 其他.")
    level: Literal["general", "important", "core"] = Field("general", description="数据分级, GB/T 43697-2024.")
    keywords: list[str] = Field(default_factory=list, max_length=20, description="Words by which it is found.")
    demo: Literal["draft", "published"] = Field(
        "draft", description="In a demonstration city the resource stands there in this state already."
    )
    demo_shared_with: Key | None = Field(
        None, description="In a demonstration city this office, or whoever serves as such, has it shared already."
    )

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)
