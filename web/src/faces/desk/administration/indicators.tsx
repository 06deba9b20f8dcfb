// Indicators and score boards as the packs declare them: what is counted over what, which weight it has.

import { Button, Space, Table, Tag } from "antd";
import { useState } from "react";
import { Link } from "react-router";
import type { BoardView } from "../../../shared/api/description";
import { useAnswer } from "../../../shared/api/queries";
import { useLanguage } from "../../../shared/i18n/language";
import { nameIn, useTexts } from "../../../shared/i18n/texts";
import { ErrorNotice } from "../../../shared/ui/parts";
import { BoardEditor } from "./board_dialog";
import { HistoryButton, useMaySet } from "./editing";
import { texts as words } from "./editing_texts";
import { texts } from "./texts";

export default function Indicators() {
  const t = useTexts(texts);
  const language = useLanguage();
  const indicators = useAnswer("GET /api/v1/indicators", {}, { fresh: 60_000 });
  const boards = useAnswer("GET /api/v1/boards", {}, { fresh: 60_000 });
  const w = useTexts(words);
  const { maySet } = useMaySet();
  const [edited, setEdited] = useState<string | null>(null);
  const named = (id: string) => nameIn(indicators.data?.items.find((item) => item.id === id)?.names, language) || id;
  const board = boards.data?.items.find((one) => one.id === edited);
  if (indicators.error || boards.error) return <ErrorNotice error={indicators.error ?? boards.error} />;
  return (
    <>
      <p className="soft small">{t("indicators.whence")}</p>
      <Space wrap><h2>{t("boards")}</h2><HistoryButton kind="board" name={w("kind.board")} /></Space>
      {board ? <BoardEditor key={board.id} board={board.id} name={nameIn(board.names, language)} named={named} onClose={() => setEdited(null)} /> : null}
      <Table size="small" rowKey="id" pagination={false} loading={boards.isLoading} dataSource={boards.data?.items ?? []} locale={{ emptyText: t("none") }}
        columns={[
          { title: t("name"), render: (_, row) => <><Link to={`/desk/scores?board=${row.id}`}>{nameIn(row.names, language)}</Link> <small className="soft">{row.id}</small></> },
          { title: t("indicators"), render: (_, row) => row.measures.map((one) => <Tag key={one}>{named(one)}</Tag>) },
          ...(maySet("board") ? [{ title: "", render: (_: unknown, row: BoardView) => <Button size="small" aria-label={w("edit.of", { name: nameIn(row.names, language) })} onClick={() => setEdited(row.id)}>{w("edit")}</Button> }] : []),
        ]}
      />
      <h2>{t("indicators")}</h2>
      <Table size="small" rowKey="id" pagination={false} loading={indicators.isLoading} dataSource={indicators.data?.items ?? []} locale={{ emptyText: t("none") }}
        columns={[
          { title: t("name"), render: (_, row) => <>{nameIn(row.names, language)} <small className="soft">{row.id}</small></> },
          { title: t("numerator"), dataIndex: "numerator" },
          { title: t("denominator"), dataIndex: "denominator" },
        ]}
      />
    </>
  );
}
