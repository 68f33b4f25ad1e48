/** The page that a confirmation mail links to: `/confirm?token=`. */

import { call, Problem } from "../api/client.ts";
import { useResource } from "../list/use-resource.ts";
import { Empty, Trouble } from "../part/state.tsx";
import { showPage } from "../shell/page.tsx";
import { text } from "../text/text.ts";

const token = new URLSearchParams(location.search).get("token") ?? "";

function Confirmation() {
  const answer = useResource(token, async () => {
    await call("POST /confirmations", { body: { token } });
    return true;
  });
  const goOn = (
    <a class="button button-main" href="/">
      {text.confirm.goOn}
    </a>
  );
  let shown = <Empty title={text.confirm.waiting} />;
  if (answer.value !== null)
    shown = <Empty title={text.confirm.done} hint={text.confirm.doneHint} children={goOn} />;
  else if (
    answer.error instanceof Problem &&
    answer.error.status >= 400 &&
    answer.error.status < 429
  ) {
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
