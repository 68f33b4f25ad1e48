/**
 * The upload page: files are chosen or dropped, and uploaded by `upload/`. Their videos can be
 * edited and watched meanwhile.
 */

import { Empty } from "../part/state.tsx";
import { useUnloadGuard } from "../part/use-unload-guard.ts";
import { signInUrl, useAccount } from "../session/session.ts";
import { showPage } from "../shell/page.tsx";
import { text } from "../text/text.ts";
import { Announcer } from "../upload/view/Announcer.tsx";
import { DropZone } from "../upload/view/DropZone.tsx";
import { Summary } from "../upload/view/Summary.tsx";
import { Unfinished } from "../upload/view/Unfinished.tsx";
import { UploadCard } from "../upload/view/UploadCard.tsx";
import { hasUnsaved } from "../upload/view/use-autosave.ts";
import { queue, useUploads } from "../upload/view/use-uploads.ts";

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
      {account?.role === "viewer" && (
        <Empty title={text.upload.viewer} hint={text.upload.viewerHint} />
      )}
      {account !== null && account?.role !== "viewer" && <Uploads />}
    </>
  );
}

function Uploads() {
  const uploads = useUploads();
  useUnloadGuard(() => queue.isBusy || hasUnsaved());
  const sending = uploads.find(({ progress }) => progress.state === "sending");
  const add = (files: File[]): void => {
    for (const file of files) queue.add(file);
  };
  return (
    <>
      <Announcer uploads={uploads} />
      <DropZone small={uploads.length > 0} onFiles={add} />
      <Unfinished uploads={uploads} onFile={(file) => add([file])} />
      {uploads.length > 0 && <Summary uploads={uploads} />}
      <ul id="uploads" class="uploads">
        {uploads.map((upload, index) => (
          <UploadCard
            key={upload.id}
            upload={upload}
            open={index === 0}
            closely={upload === sending}
          />
        ))}
      </ul>
    </>
  );
}

showPage(text.upload.title, <UploadPage />, { width: "middle" });
