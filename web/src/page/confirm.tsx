/** Where the link of a confirmation mail leads: `/confirm?token=`. */

import { call } from "../api/client";
import { useOne } from "../list/useOne";
import { Empty, Trouble } from "../part/state";
import { Problem } from "../api/client";
import { showPage } from "../shell/page";
import { text } from "../text/text";

const token = new URLSearchParams(location.search).get("token") ?? "";

function Confirmation() {
  const answer = useOne(token, async () => {
    await call("POST /confirmations", { body: { token } });
    return true;
  });
  const goOn = (
    <a class="button button-main" href="/">
      {text.confirm.goOn}
    </a>
  );
  let shown = <Empty title={text.confirm.waiting} />;
  if (answer.value !== null) shown = <Empty title={text.confirm.done} hint={text.confirm.doneHint} children={goOn} />;
  else if (answer.error instanceof Problem && answer.error.status >= 400 && answer.error.status < 429) {
    shown = <Empty title={text.confirm.failed} hint={text.confirm.failedHint} children={goOn} />;
  } else if (answer.error !== null) shown = <Trouble error={answer.error} onRetry={answer.load} />;
  return (
    <>
      <h1 class="hidden-words">{text.confirm.title}</h1>
      <div role="status">{shown}</div>
    </>
  );
}

showPage(text.confirm.title, <Confirmation />, { width: "narrow" });
