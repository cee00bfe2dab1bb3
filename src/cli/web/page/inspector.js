/** The inspector of keys, and what may be changed where the program was started with `--write`. */

import { byId, make, setText } from "./dom.js";

/** Asks the program for something. */
export async function ask(path) {
  return await answerOf(await fetch(path, { headers: { accept: "application/json" } }));
}

/** Asks the program to do something. */
export async function order(path, body = {}) {
  const headers = { "content-type": "application/json" };
  return await answerOf(await fetch(path, { method: "POST", headers, body: JSON.stringify(body) }));
}

async function answerOf(response) {
  const isJson = response.headers.get("content-type")?.startsWith("application/json");
  const answer = isJson ? await response.json() : { error: await response.text() };
  if (!response.ok) throw new Error(answer.error);
  return answer;
}

/** Asks a person, if need be for a word; resolves to whether the answer is yes. */
export function confirmed({ title, text, yes, word }) {
  const dialog = byId("confirm");
  const [button, input] = [byId("confirm-yes"), byId("confirm-input")];
  setText(byId("confirm-title"), title);
  setText(byId("confirm-text"), text);
  setText(button, yes);
  byId("confirm-label").hidden = word === undefined;
  setText(byId("confirm-word"), word ?? "");
  input.value = "";
  const check = () => button.disabled = word !== undefined && input.value !== word;
  input.oninput = check;
  check();
  dialog.returnValue = "no";
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.onclose = () => resolve(dialog.returnValue === "yes" && !button.disabled);
  });
}

/** Shows what is known of a key. */
export class Inspector {
  /** The key, and the server beside which it stands in a table. */
  #shown = { key: "" };
  #canWrite = false;

  constructor() {
    byId("inspect").addEventListener("submit", (event) => {
      event.preventDefault();
      this.show({ key: byId("inspect-key").value });
    });
    byId("delete").addEventListener("click", () => this.#delete());
    byId("touch").addEventListener("submit", (event) => {
      event.preventDefault();
      this.#change("/api/touch", { ttl: byId("touch-ttl").value }, "touched");
    });
  }

  /** Whether keys may be changed. */
  set canWrite(canWrite) {
    this.#canWrite = canWrite;
  }

  /** Opens a key of a table, on the server of its row: another ring may have put it there. */
  open(shown) {
    byId("inspect-key").value = shown.key;
    byId("inspect-title").scrollIntoView({ block: "start" });
    byId("inspect-key").focus({ preventScroll: true });
    this.show(shown);
  }

  async show(shown, done = "") {
    this.#shown = shown;
    const note = byId("inspect-note");
    byId("inspect-result").ariaBusy = "true";
    try {
      const { isFound, fields } = await ask(`/api/inspect?${new URLSearchParams(shown)}`);
      if (shown !== this.#shown) return;
      const where = shown.server === undefined ? "" : ` on ${shown.server}`;
      setText(note, done || (isFound ? "" : `There is no such key${where}.`));
      this.#showFields(isFound ? fields : []);
      byId("changes").hidden = !isFound || !this.#canWrite;
    } catch (error) {
      setText(note, error.message);
      this.#showFields([]);
      byId("changes").hidden = true;
    } finally {
      byId("inspect-result").ariaBusy = "false";
    }
  }

  #showFields(fields) {
    byId("inspect-fields").replaceChildren(
      ...fields.flatMap(([name, text]) => [
        make("dt", "", LABELS[name] ?? name),
        make("dd", name === "value" ? "value" : "", text),
      ]),
    );
  }

  async #delete() {
    const shown = this.#shown;
    const isSure = await confirmed({
      title: "Delete this key?",
      text: byId("inspect-key").value,
      yes: "Delete",
    });
    if (isSure && shown === this.#shown) await this.#change("/api/delete", {}, "deleted");
  }

  async #change(path, body, what) {
    const shown = this.#shown;
    try {
      const { isFound } = await order(path, { ...shown, ...body });
      await this.show(shown, isFound ? `The key was ${what}.` : "There is no such key any more.");
    } catch (error) {
      setText(byId("inspect-note"), error.message);
    }
  }
}

const LABELS = { lastAccess: "last access", fetched: "ever read", ring: "why this server" };
