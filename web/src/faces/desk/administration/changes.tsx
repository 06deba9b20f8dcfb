// All that administrators have set in the browser, the newest first.

import { History } from "./editing";

export default function Changes() {
  return <History />;
}
