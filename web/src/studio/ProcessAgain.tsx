/** Asks by which pipeline a video is to be processed again. */

import { call } from "../api/client";
import type { ListedVideo } from "../api/shape";
import { useOne } from "../list/useOne";
import { Dialog } from "../part/Dialog";
import { Form, Select, Submit } from "../part/form";
import { toast } from "../shell/toast";
import { text } from "../text/text";

export function ProcessAgain({ video, onClose }: { video: ListedVideo; onClose: () => void }) {
  const pipelines = useOne("pipelines", () => call("GET /pipelines"));
  const names = pipelines.value?.items.map((one) => one.name) ?? [video.pipeline];
  const process = async ({ pipeline }: Record<string, string>): Promise<void> => {
    await call("POST /videos/{video_id}/process", { path: { video_id: video.id }, body: { pipeline: pipeline ?? null } });
    toast(text.run.asked);
    onClose();
  };
  return (
    <Dialog title={text.run.again} onClose={onClose}>
      <p>{text.run.againHint}</p>
      <Form onSend={process}>
        {(state) => (
          <>
            <Select name="pipeline" label={text.studio.facts.pipeline} value={video.pipeline} options={Object.fromEntries(names.map((name) => [name, name]))} />
            <Submit state={state} label={text.run.start} />
          </>
        )}
      </Form>
    </Dialog>
  );
}
