import { call } from "../../api/client.ts";
import type { ListedVideo } from "../../api/shape.ts";
import { useResource } from "../../list/use-resource.ts";
import { Dialog } from "../../part/Dialog.tsx";
import { Form, Select, Submit } from "../../part/form.tsx";
import { toast } from "../../shell/toast.ts";
import { text } from "../../text/text.ts";

/** A dialog that reprocesses a video with a chosen pipeline. */
export function Reprocess({ video, onClose }: { video: ListedVideo; onClose: () => void }) {
  const pipelines = useResource("pipelines", () => call("GET /pipelines"));
  const names = pipelines.value?.items.map(({ name }) => name) ?? [video.pipeline];
  const start = async ({ pipeline }: Record<string, string>): Promise<void> => {
    await call("POST /videos/{video_id}/process", {
      path: { video_id: video.id },
      body: { pipeline: pipeline ?? null },
    });
    toast(text.run.asked);
    onClose();
  };
  return (
    <Dialog title={text.run.again} onClose={onClose}>
      <p>{text.run.againHint}</p>
      <Form onSend={start}>
        {(state) => (
          <>
            <Select
              name="pipeline"
              label={text.studio.facts.pipeline}
              value={video.pipeline}
              options={Object.fromEntries(names.map((name) => [name, name]))}
            />
            <Submit state={state} label={text.run.start} />
          </>
        )}
      </Form>
    </Dialog>
  );
}
