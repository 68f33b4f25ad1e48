/** The upload page: files are chosen or dropped, sent by `upload/`, told about while they are sent, and can be watched at once. */

import { useEffect } from "preact/hooks";

import { Empty } from "../part/state";
import { signInUrl, useAccount } from "../session/session";
import { showPage } from "../shell/page";
import { text } from "../text/text";
import { Announcer } from "../upload/view/Announcer";
import { DropZone } from "../upload/view/DropZone";
import { Summary } from "../upload/view/Summary";
import { Unfinished } from "../upload/view/Unfinished";
import { UploadCard } from "../upload/view/UploadCard";
import { hasUnsaved } from "../upload/view/useAutosave";
import { queue, useUploads } from "../upload/view/useUploads";

function UploadPage() {
  const account = useAccount();
  return (
    <>
      <h1 class="page-title">{text.upload.title}</h1>
      {account === null && (
        <Empty title={text.upload.signIn} hint={text.upload.signInHint}>
          <a class="button button-main" href={signInUrl()}>
            {text.shell.signIn}
          </a>
        </Empty>
      )}
      {account?.role === "viewer" && <Empty title={text.upload.viewer} hint={text.upload.viewerHint} />}
      {account !== null && account?.role !== "viewer" && <Uploads />}
    </>
  );
}

function Uploads() {
  const uploads = useUploads();
  useEffect(() => {
    const ask = (event: BeforeUnloadEvent): void => void ((queue.busy || hasUnsaved()) && event.preventDefault());
    window.addEventListener("beforeunload", ask);
    return () => window.removeEventListener("beforeunload", ask);
  }, []);
  const sending = uploads.find(({ progress }) => progress.state === "sending");
  const add = (files: File[]): void => files.forEach((file) => queue.add(file));
  return (
    <>
      <Announcer uploads={uploads} />
      <DropZone small={uploads.length > 0} onFiles={add} />
      <Unfinished uploads={uploads} onFile={(file) => add([file])} />
      {uploads.length > 0 && <Summary uploads={uploads} />}
      <ul id="uploads" class="uploads">
        {uploads.map((upload, index) => (
          <UploadCard key={upload.id} upload={upload} open={index === 0} closely={upload === sending} />
        ))}
      </ul>
    </>
  );
}

showPage(text.upload.title, <UploadPage />, { width: "middle" });
