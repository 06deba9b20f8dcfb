// Connects the live view to who is signed in: in a demo city nobody as well, elsewhere only who is signed in.

import { useEffect } from "react";
import { city } from "../city";
import { useSession } from "../session/session";
import { listenAs } from "./live";

export function Listening() {
  const { person } = useSession();
  useEffect(() => {
    if (person === undefined) return;
    listenAs(person ? person.account : city.demo ? "" : null);
  }, [person]);
  return null;
}
