/** A server and a store that accept uploads, in memory. */

import { createHash } from "node:crypto";

import { replaceGlobal } from "./globals.ts";
import { fakeFetch, json, problem, type SentRequest } from "./http.ts";

interface DeclaredObject {
  index: number;
  size_bytes: number;
  sha256: string;
}

interface ServedUpload {
  id: string;
  video_id: string;
  mode: string;
  fingerprint: string;
  pieces: Map<number, DeclaredObject & { landed: boolean }>;
  isComplete: boolean;
}

/** What the store does with a PUT: takes it, refuses it with a status, or the connection fails. */
export type PutOutcome = "take" | number | "fail";

export class UploadServer {
  readonly uploads: ServedUpload[] = [];
  readonly stored = new Map<string, Uint8Array>();
  readonly tracks: { name: string; landed: boolean }[] = [];
  readonly deleted: string[] = [];
  requests: SentRequest[] = [];
  /** Called for each PUT before it is answered. */
  onPut: (url: string) => PutOutcome = () => "take";
  /** Called for each API request; an answer replaces the server's own. */
  onRequest: (request: SentRequest) => Response | "offline" | null = () => null;
  wantsWhole = false;
  puts = 0;
  mostAtOnce = 0;
  atOnce = 0;
  #serial = 0;

  install(context: { after(hook: () => void): void }): this {
    this.requests = fakeFetch(
      context,
      (request) => this.onRequest(request) ?? this.#answer(request),
    );
    const server = this;
    replaceGlobal(
      context,
      "XMLHttpRequest",
      class extends FakeRequest {
        constructor() {
          super(server);
        }
      },
    );
    return this;
  }

  paths(): string[] {
    return this.requests.map(
      ({ method, url }) => `${method} ${url.replace("/api/v1", "").replace(/\?.*/, "")}`,
    );
  }

  #answer(request: SentRequest): Response {
    const [path = "", query = ""] = request.url.replace("/api/v1", "").split("?");
    const parts = path.split("/").slice(1);
    const body = request.body as Record<string, never>;
    const route = `${request.method} ${parts[0]}${
      parts.length > 2
        ? ` ${parts
            .slice(2)
            .filter((part) => !part.startsWith("dub"))
            .join(" ")}`
        : parts.length > 1
          ? " one"
          : ""
    }`;
    switch (route) {
      case "GET uploads":
        return json({
          items: this.#open(new URLSearchParams(query).get("fingerprint")),
          part_bytes: 4000,
          piece_s: 2,
          whole: this.wantsWhole,
        });
      case "POST videos":
        this.#serial += 1;
        return json({ id: `video${this.#serial}` }, 201);
      case "POST videos upload":
        return json(view(this.#create(parts[1] as string, body)), 201);
      case "POST uploads urls":
        return json({
          urls: this.#sign(parts[1] as string, body.pieces as unknown as DeclaredObject[]),
        });
      case "POST uploads landed":
        return this.#land(parts[1] as string, body.indexes as unknown as number[]);
      case "POST uploads complete":
        return this.#complete(parts[1] as string, body.pieces as unknown as number);
      case "POST uploads one":
        return json({});
      case "POST videos audio": {
        const track = { name: `dub${this.tracks.length}`, landed: false };
        this.tracks.push(track);
        return json({ track, url: `http://store/${track.name}`, path: null, headers: {} }, 201);
      }
      case "POST videos audio landed":
        for (const track of this.tracks) track.landed ||= track.name === parts[3];
        return json({});
      case "GET videos one":
        return json({ id: parts[1], state: "processing", error: null });
      case "DELETE videos one":
        this.deleted.push(parts[1] as string);
        return new Response(null, { status: 204 });
      default:
        return problem(404, "request.not_found", { detail: route });
    }
  }

  #open(fingerprint: string | null) {
    return this.uploads
      .filter((upload) => upload.fingerprint === fingerprint && !upload.isComplete)
      .map(view);
  }

  #create(videoId: string, body: Record<string, string>): ServedUpload {
    const upload: ServedUpload = {
      id: `upload${this.uploads.length + 1}`,
      video_id: videoId,
      mode: body.mode ?? "",
      fingerprint: body.fingerprint ?? "",
      pieces: new Map(),
      isComplete: false,
    };
    this.uploads.push(upload);
    return upload;
  }

  #find(id: string): ServedUpload {
    return this.uploads.find((upload) => upload.id === id) as ServedUpload;
  }

  #sign(id: string, declared: readonly DeclaredObject[]) {
    const { pieces } = this.#find(id);
    return declared.map((object) => {
      const landed = pieces.get(object.index)?.landed === true;
      if (!landed) pieces.set(object.index, { ...object, landed: false });
      return {
        index: object.index,
        method: "PUT",
        url: landed ? null : `http://store/${id}/${object.index}`,
        path: null,
        headers: { "x-amz": "1" },
      };
    });
  }

  #land(id: string, indexes: readonly number[]): Response {
    for (const index of indexes) {
      const piece = this.#find(id).pieces.get(index);
      const bytes = this.stored.get(`http://store/${id}/${index}`);
      if (piece === undefined || bytes === undefined) return problem(409, "upload.piece_missing");
      if (createHash("sha256").update(bytes).digest("hex") !== piece.sha256)
        return problem(409, "storage.checksum_mismatch");
      piece.landed = true;
    }
    return new Response(null, { status: 204 });
  }

  #complete(id: string, count: number): Response {
    const upload = this.#find(id);
    const landed = [...upload.pieces.values()].filter((piece) => piece.landed).length;
    if (landed !== count) return problem(409, "upload.piece_missing", { facts: { landed, count } });
    upload.isComplete = true;
    return json(view(upload));
  }
}

function view(upload: ServedUpload) {
  return { ...upload, pieces: [...upload.pieces.values()] };
}

/** XMLHttpRequest as `putSigned` uses it. */
class FakeRequest extends EventTarget {
  readonly upload = new EventTarget();
  readonly #server: UploadServer;
  #url = "";
  #isAborted = false;
  status = 0;
  responseText = "";

  constructor(server: UploadServer) {
    super();
    this.#server = server;
  }

  open(_method: string, url: string): void {
    this.#url = url;
  }

  setRequestHeader(): void {
    // The store accepts every header.
  }

  abort(): void {
    if (this.#isAborted) return;
    this.#isAborted = true;
    this.status = 0;
    this.dispatchEvent(new Event("loadend"));
  }

  send(body: Uint8Array): void {
    const server = this.#server;
    server.puts += 1;
    server.atOnce += 1;
    server.mostAtOnce = Math.max(server.mostAtOnce, server.atOnce);
    setImmediate(() => {
      server.atOnce -= 1;
      if (this.#isAborted) return;
      const progress = Object.assign(new Event("progress"), {
        loaded: Math.floor(body.length / 2),
      });
      this.upload.dispatchEvent(progress);
      const outcome = server.onPut(this.#url);
      if (outcome === "take") server.stored.set(this.#url, body);
      this.status = outcome === "take" ? 200 : outcome === "fail" ? 0 : outcome;
      this.#isAborted = true;
      this.dispatchEvent(new Event("loadend"));
    });
  }
}
