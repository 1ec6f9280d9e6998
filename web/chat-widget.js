/* The product's chat for any page, in one script; README.md says how to embed it.
 * What the API says is put in as text, never as markup. */
(() => {
  "use strict";

  const script = document.currentScript;
  if (!script) return;

  const TEXTS = {
    en: {
      chat: (name) => (name ? `Chat with ${name}` : "Chat"),
      close: "Close chat",
      fresh: "New conversation",
      messages: "Messages",
      you: "You: ",
      assistant: "Assistant: ",
      question: "Your question",
      placeholder: "Ask a question…",
      suggestions: "Suggestions",
      send: "Send",
      stop: "Stop",
      looking: "Looking it up…",
      sources: "Sources",
      source: (n) => `Source ${n}`,
      up: "Helpful",
      down: "Not helpful",
      handOver: "Pass the question on to our team",
      name: "Name",
      email: "E-mail",
      pass: "Pass on",
      handedOver: "Passed on. Our team will answer by e-mail.",
      stopped: "Stopped.",
      failed: "The answer broke off. Please ask again.",
      wrong: "Something went wrong. Please try again.",
      lost: "No connection. Please try again.",
      reconnecting: "The connection was lost. Reconnecting…",
      limited: "Too many questions.",
      again: (time) => `Please try again in ${time}.`,
    },
    th: {
      chat: (name) => (name ? `แชทกับ ${name}` : "แชท"),
      close: "ปิดแชท",
      fresh: "เริ่มการสนทนาใหม่",
      messages: "ข้อความ",
      you: "คุณ: ",
      assistant: "ผู้ช่วย: ",
      question: "คำถามของคุณ",
      placeholder: "พิมพ์คำถาม…",
      suggestions: "คำถามแนะนำ",
      send: "ส่ง",
      stop: "หยุด",
      looking: "กำลังค้นหาคำตอบ…",
      sources: "แหล่งข้อมูล",
      source: (n) => `แหล่งข้อมูลที่ ${n}`,
      up: "มีประโยชน์",
      down: "ไม่มีประโยชน์",
      handOver: "ส่งคำถามต่อให้ทีมงาน",
      name: "ชื่อ",
      email: "อีเมล",
      pass: "ส่งต่อ",
      handedOver: "ส่งต่อแล้ว ทีมงานจะตอบกลับทางอีเมล",
      stopped: "หยุดแล้ว",
      failed: "คำตอบขาดตอน กรุณาถามอีกครั้ง",
      wrong: "เกิดข้อผิดพลาด กรุณาลองใหม่อีกครั้ง",
      lost: "ไม่มีการเชื่อมต่อ กรุณาลองใหม่อีกครั้ง",
      reconnecting: "การเชื่อมต่อขาดหาย กำลังเชื่อมต่อใหม่…",
      limited: "มีคำถามมากเกินไป",
      again: (time) => `กรุณาลองใหม่ในอีก ${time}`,
    },
  };

  const originOf = (address) => new URL(address, location.href).origin;
  const API = originOf(script.dataset.api || script.src);
  const wanted = (script.dataset.locale || document.documentElement.lang).slice(0, 2).toLowerCase();
  const lang = wanted in TEXTS ? wanted : "en";
  const T = TEXTS[lang];
  const LINKS = new Set([location.origin, ...(script.dataset.links || "").split(/[\s,]+/).filter(Boolean).map(originOf)]);

  const TRIES = 8; // to hear the rest of an answer
  const PAUSE_MAX_MS = 15000;
  const SILENCE_MS = 30000; // the API says something every 10 s
  const HISTORY_MESSAGES = 100;

  /* ---- what is remembered: the guest's session for good, the rest as long as the tab ---- */

  const memory = {}; // where a browser forbids storage

  function recall(area, name) {
    const key = `chat-widget ${API} ${name}`;
    try {
      return window[area].getItem(key) ?? memory[key] ?? "";
    } catch {
      return memory[key] ?? "";
    }
  }

  function remember(area, name, value) {
    const key = `chat-widget ${API} ${name}`;
    memory[key] = value;
    try {
      window[area].setItem(key, value);
    } catch {
      // it stays in memory
    }
  }

  let session = recall("localStorage", "session");
  let conversation = recall("sessionStorage", "conversation"); // "" = the latest, "new", or an id

  function useConversation(id) {
    conversation = String(id);
    remember("sessionStorage", "conversation", conversation);
  }

  /* Another tab may have begun one. */
  function beginSession() {
    const bytes = crypto.getRandomValues(new Uint8Array(16));
    const fresh = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
    session = recall("localStorage", "session") || fresh;
    remember("localStorage", "session", session);
  }

  /* ---- the API ---- */

  function request(method, path, { body, headers, token } = {}) {
    return fetch(`${API}/api/v1${path}`, {
      method,
      credentials: "omit",
      headers: {
        "Accept-Language": lang,
        ...(session && { "X-Session-Id": session }),
        ...(token && { Authorization: `Bearer ${token}` }),
        ...(body && { "Content-Type": "application/json" }),
        ...headers,
      },
      ...(body && { body: JSON.stringify(body) }),
    });
  }

  /* Who signs in takes over what was said as a guest, and cannot go on with it before: gives the refusal, if any. */
  async function claim(token) {
    if (!session || recall("localStorage", "claimed") === session) return null;
    const reply = await request("POST", "/users/me/claim", { token, body: { session_id: session } });
    if (!reply.ok && reply.status !== 404) return reply;
    remember("localStorage", "claimed", session);
    return null;
  }

  async function call(method, path, options) {
    const token = window.chatWidgetToken ? await window.chatWidgetToken() : null;
    if (!token) remember("localStorage", "claimed", ""); // a guest says more, which is to be claimed too
    return (token && (await claim(token))) || request(method, path, { ...options, token });
  }

  function duration(seconds) {
    const [count, unit] =
      seconds < 90 ? [seconds, "second"] : seconds < 5400 ? [seconds / 60, "minute"] : [seconds / 3600, "hour"];
    return new Intl.NumberFormat(lang, { style: "unit", unit, unitDisplay: "long" }).format(Math.ceil(count));
  }

  /* What a refusal says to a person. */
  async function problem(reply) {
    const { error = {} } = await reply.json().catch(() => ({}));
    const said = error.code === "RATE_LIMITED" ? T.limited : error.message || T.wrong;
    const seconds = Number(reply.headers.get("Retry-After"));
    return seconds > 0 ? `${said} ${T.again(duration(seconds))}` : said;
  }

  /* "" when it is done, else what to say. */
  async function refusalOf(...what) {
    try {
      const reply = await call(...what);
      return reply.ok ? "" : await problem(reply);
    } catch {
      return T.lost;
    }
  }

  function within(ms, promise) {
    let timer = 0;
    const late = new Promise((_, reject) => {
      timer = setTimeout(() => reject(new Error("silent")), ms);
    });
    return Promise.race([promise, late]).finally(() => clearTimeout(timer));
  }

  /* Server-sent events {id, name, data} of a body, wherever its bytes are cut. */
  async function* events(body) {
    const reader = body.getReader();
    const decoder = new TextDecoder();
    let rest = "";
    let afterReturn = false;
    let id = "";
    let name = "";
    let data = [];
    try {
      for (;;) {
        const { done, value } = await within(SILENCE_MS, reader.read());
        if (done) return;
        const text = decoder.decode(value, { stream: true });
        if (text === "") continue;
        const isHalf = afterReturn && text[0] === "\n"; // of a line end that was cut
        afterReturn = text.endsWith("\r");
        const lines = (rest + text.slice(isHalf ? 1 : 0)).split(/\r\n|\r|\n/);
        rest = lines.pop();
        for (const line of lines) {
          const [, field, content] = /^([^:]*):? ?(.*)$/s.exec(line);
          if (line === "") {
            if (data.length > 0) yield { id, name, data: data.join("\n") };
            name = "";
            data = [];
          } else if (field === "id") id = content;
          else if (field === "event") name = content;
          else if (field === "data") data.push(content);
        }
      }
    } finally {
      reader.cancel().catch(() => {});
    }
  }

  /* ---- elements ---- */

  function el(tag, attributes, ...children) {
    const node = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) {
      if (typeof value === "function") node.addEventListener(name, value);
      else node.setAttribute(name, value);
    }
    node.append(...children);
    return node;
  }

  const ICONS = {
    chat: "M4 4h16v12H10l-6 5z",
    close: "M6 6l12 12M18 6L6 18",
    fresh: "M12 5v14M5 12h14",
    up: "M4 11h3v9H4zM10 20v-8l3-8c2 0 2 2 2 3l-1 4h6l-2 9z",
    down: "M4 13h3V4H4zM10 4v8l3 8c2 0 2-2 2-3l-1-4h6l-2-9z",
  };

  function icon(name) {
    const space = "http://www.w3.org/2000/svg";
    const svg = document.createElementNS(space, "svg");
    const path = document.createElementNS(space, "path");
    svg.setAttribute("viewBox", "0 0 24 24");
    svg.setAttribute("aria-hidden", "true");
    path.setAttribute("d", ICONS[name]);
    svg.append(path);
    return svg;
  }

  /* Own pages only: null for any other address. */
  function ownLink(text) {
    try {
      const url = new URL(text);
      return /^https?:$/.test(url.protocol) && LINKS.has(url.origin) ? url.href : null;
    } catch {
      return null;
    }
  }

  function link(href, text) {
    return el("a", { href, target: "_blank", rel: "noopener" }, text);
  }

  /* Markers [n] lead to their source, addresses of own pages are links, the rest stays as it is. */
  function* rich(text, sources) {
    for (const part of text.split(/(\[\d+\]|https?:\/\/[\w.~:/?#@!$&()*+,;=%-]*[\w~/#@$&*+=%-])/)) {
      const source = /^\[\d+\]$/.test(part) ? sources.get(Number(part.slice(1, -1))) : null;
      const href = /^https?:/.test(part) ? ownLink(part) : null;
      if (source) {
        const label = T.source(part.slice(1, -1));
        yield el("button", { type: "button", class: "marker", "aria-label": label, click: () => source.focus() }, part);
      } else yield href ? link(href, part) : part;
    }
  }

  function sourceItem({ n, title, url }) {
    const href = ownLink(url);
    return el("li", { value: n, tabindex: "-1", "data-testid": "chat-source" }, href ? link(href, title) : title);
  }

  function votes(message) {
    const cast = async (rating) => {
      const back = buttons[rating].getAttribute("aria-pressed") === "true";
      const path = `/llm/messages/${message.id}/feedback`;
      const refusal = await (back ? refusalOf("DELETE", path) : refusalOf("PUT", path, { body: { rating } }));
      if (refusal) say(refusal);
      else mark(back ? null : rating);
    };
    const button = (rating) =>
      el("button", { type: "button", class: "plain", "aria-label": T[rating], "data-testid": `chat-${rating}`, click: () => cast(rating) },
        icon(rating));
    const buttons = { up: button("up"), down: button("down") };
    const mark = (rating) => {
      for (const name in buttons) buttons[name].setAttribute("aria-pressed", String(name === rating));
    };
    mark(message.feedback && message.feedback.rating);
    return el("div", { class: "votes" }, buttons.up, buttons.down);
  }

  /* Where nothing is known a person may answer. */
  function handOver({ id, conversation_id }) {
    const key = `handed over ${id}`;
    const done = el("p", { class: "note", "data-testid": "chat-handed-over" }, T.handedOver);
    if (recall("sessionStorage", key)) return done;
    let sending = false;
    const send = async (event) => {
      event.preventDefault();
      if (sending) return;
      sending = true;
      const message = offered.closest(".message").previousElementSibling?.querySelector(".text").textContent; // what was asked
      const body = { ...Object.fromEntries(new FormData(event.target)), message };
      const refusal = await refusalOf("POST", `/llm/conversations/${conversation_id}/handoff`, { body });
      sending = false;
      say(refusal);
      if (refusal) return;
      remember("sessionStorage", key, "yes");
      offered.replaceWith(done);
      input.focus();
    };
    const field = (name, attributes) => el("label", {}, T[name], el("input", { name, autocomplete: name, required: "", ...attributes }));
    const offered = el("details", {}, el("summary", { "data-testid": "chat-handoff" }, T.handOver),
      el("form", { submit: send }, field("name", { maxlength: "120" }), field("email", { type: "email", maxlength: "254" }),
        el("button", { class: "main" }, T.pass)));
    return offered;
  }

  function noteOf({ role, finish_reason }) {
    if (role === "user") return "";
    return finish_reason === "stopped" ? T.stopped : finish_reason && finish_reason !== "error" ? "" : T.failed;
  }

  /* One message that is complete. */
  function bubble(message, note = noteOf(message)) {
    const isUser = message.role === "user";
    const sources = new Map((message.sources || []).map((source) => [source.n, sourceItem(source)]));
    const node = el("div", { class: "message", "data-testid": "chat-message", "data-role": isUser ? "user" : "assistant" },
      el("span", { class: "spoken" }, isUser ? T.you : T.assistant));
    const content = isUser ? [message.content] : rich(message.content, sources);
    if (message.content) node.append(el("div", { class: "text", dir: "auto" }, ...content));
    if (note) node.append(el("p", { class: "note" }, note));
    if (sources.size > 0) node.append(el("ol", { class: "sources", dir: "auto", "aria-label": T.sources }, ...sources.values()));
    if (message.finish_reason === "no_evidence") node.append(handOver(message));
    if (!isUser && message.id && message.finish_reason !== "error" && message.finish_reason) node.append(votes(message));
    return node;
  }

  /* ---- the panel ---- */

  const log = el("div", { class: "log", role: "log", "aria-live": "polite", "aria-label": T.messages, tabindex: "0" });
  const suggestions = el("div", { class: "suggestions", role: "group", "aria-label": T.suggestions });
  const notice = el("p", { class: "notice", role: "status", "data-testid": "chat-notice" });
  const input = el("textarea", { rows: "2", "aria-label": T.question, placeholder: T.placeholder, dir: "auto", "data-testid": "chat-input",
    keydown: onKey });
  const sendButton = el("button", { class: "main", "data-testid": "chat-send" }, T.send);
  const stopButton = el("button", { type: "button", class: "main", hidden: "", "data-testid": "chat-stop", click: stop }, T.stop);
  const freshButton = el("button", { type: "button", class: "plain", "aria-label": T.fresh, "data-testid": "chat-new", click: startAfresh },
    icon("fresh"));
  const closeButton = el("button", { type: "button", class: "plain", "aria-label": T.close, "data-testid": "chat-close", click: close },
    icon("close"));
  const title = el("h2", { id: "chat-title" });
  const disclaimer = el("p", { class: "disclaimer" });
  const panel = el("section", { id: "chat-panel", class: "panel", role: "dialog", "aria-labelledby": "chat-title", hidden: "" },
    el("header", {}, title, freshButton, closeButton), log, suggestions, notice,
    el("form", { submit: onSubmit }, input, sendButton, stopButton), disclaimer);
  const toggle = el("button", { type: "button", class: "toggle", "aria-expanded": "false", "aria-controls": "chat-panel",
    "data-testid": "chat-toggle", click: () => (panel.hidden ? open(true) : close()) }, icon("chat"));

  let config = null;
  let running = null; // the answer that is being written
  let history = null; // of the conversation, once the panel was open

  function say(text) {
    notice.textContent = text;
  }

  /* Who reads the end goes on reading the end. */
  function change(work) {
    const atEnd = log.scrollHeight - log.scrollTop - log.clientHeight < 80;
    work();
    if (atEnd) log.scrollTop = log.scrollHeight;
  }

  function offer(questions) {
    change(() => {
      suggestions.replaceChildren(...questions.map((question) =>
        el("button", { type: "button", "data-testid": "chat-suggestion", click: () => ask(question) }, question)));
    });
  }

  function open(byHand) {
    panel.hidden = false;
    toggle.setAttribute("aria-expanded", "true");
    remember("sessionStorage", "open", "yes");
    if (!history) {
      history = restore();
      history.then(hearRunning);
    }
    if (byHand) input.focus();
  }

  function close() {
    panel.hidden = true;
    toggle.setAttribute("aria-expanded", "false");
    remember("sessionStorage", "open", "");
    toggle.focus();
  }

  function onKey(event) {
    if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    ask(input.value);
  }

  function onSubmit(event) {
    event.preventDefault();
    ask(input.value);
  }

  function startAfresh() {
    if (running) return;
    useConversation("new");
    log.replaceChildren();
    say("");
    offer(config.chat.suggestions);
    input.focus();
  }

  /* ---- an answer as it is written ---- */

  /* Nothing of it is read aloud before it is complete. */
  function begin() {
    const text = el("div", { class: "text waiting", dir: "auto" }, T.looking);
    const node = el("div", { class: "message", "aria-live": "off", "aria-busy": "true", "data-testid": "chat-message",
      "data-role": "assistant" }, text);
    running = { node, text, content: "", sources: [], lastEvent: "" };
    sendButton.hidden = true;
    stopButton.hidden = false;
    stopButton.disabled = true;
    stopButton.ariaDisabled = "false";
    freshButton.disabled = true;
    offer([]);
    change(() => log.append(node));
    return running;
  }

  function end() {
    const hadFocus = stopButton.getRootNode().activeElement === stopButton;
    running = null;
    sendButton.hidden = false;
    stopButton.hidden = true;
    freshButton.disabled = false;
    if (hadFocus) input.focus();
  }

  function write(answer, content) {
    answer.content = content;
    change(() => {
      answer.text.classList.remove("waiting");
      answer.text.textContent = content;
    });
  }

  function finish(answer, message, note) {
    change(() => answer.node.replaceWith(bubble(message, note)));
  }

  function breakOff(answer, why) {
    finish(answer, { content: answer.content, sources: answer.sources }, why);
  }

  /* True: that was the last event. */
  function take(answer, { name, data }) {
    const value = JSON.parse(data);
    if (name === "start") {
      useConversation(value.conversation_id);
      stopButton.disabled = false;
    } else if (name === "sources") {
      answer.sources = value.sources;
    } else if (name === "delta") {
      write(answer, answer.content + value.text);
    } else if (name === "replace") {
      write(answer, value.content);
    } else if (name === "done") {
      finish(answer, value.message);
      offer(value.suggestions);
    } else if (name === "error") {
      breakOff(answer, value.error.message);
    }
    return name === "done" || name === "error";
  }

  function pause(tries) {
    return new Promise((resolve) => {
      setTimeout(resolve, Math.min(1000 * 2 ** tries, PAUSE_MAX_MS) * (0.5 + Math.random() / 2));
      addEventListener("online", resolve, { once: true });
    });
  }

  /* One reply to its end: true when nothing is left to hear. */
  async function readReply(answer, reply) {
    if (reply.status === 204) {
      await restore();
      if (answer.node.isConnected) breakOff(answer, T.lost);
      return true;
    }
    if (reply.status >= 500 || reply.status === 429) return false;
    if (!reply.ok) {
      breakOff(answer, await problem(reply));
      return true;
    }
    for await (const event of events(reply.body)) {
      if (take(answer, event)) return true;
      answer.lastEvent = event.id;
      if (answer.tries > 0) say("");
      answer.tries = 0;
    }
    return false;
  }

  /* When not even its beginning came, the history knows which answer it is. */
  async function beginningOf(answer) {
    const messages = await loadMessages();
    answer.lastEvent = `${messages[messages.length - 1].id}.0`;
  }

  /* The answer to its end, however often the connection breaks. */
  async function hear(answer, firstReply) {
    let reply = firstReply;
    for (answer.tries = 0; answer.tries < TRIES; answer.tries++) {
      try {
        if (!reply) {
          if (!answer.lastEvent) await beginningOf(answer);
          const headers = { "Last-Event-ID": answer.lastEvent };
          reply = await call("GET", `/llm/conversations/${conversation}/stream`, { headers });
        }
        if (await readReply(answer, reply)) return say("");
      } catch {
        // the connection broke
      }
      reply = null;
      say(T.reconnecting);
      await pause(answer.tries);
    }
    say("");
    breakOff(answer, T.lost);
  }

  /* What has stopped says so itself. The button keeps the keyboard, which a disabled one would lose. */
  async function stop() {
    if (stopButton.ariaDisabled === "true") return;
    stopButton.ariaDisabled = "true";
    const answer = running;
    const refusal = await refusalOf("POST", `/llm/conversations/${conversation}/stop`);
    if (!refusal || answer !== running) return;
    say(refusal);
    stopButton.ariaDisabled = "false";
  }

  /* ---- questions ---- */

  async function post(content) {
    const place = conversation === "new" ? { new_conversation: true } : conversation ? { conversation_id: Number(conversation) } : {};
    if (!session) beginSession();
    const reply = await call("POST", "/llm/chat", { body: { content, stream: true, ...place } });
    if (reply.ok && conversation === "new") useConversation(""); // it is the latest now
    if (reply.status !== 404 || !conversation) return reply;
    useConversation(""); // deleted, or of another visitor
    return post(content);
  }

  async function ask(content) {
    await history;
    if (running || !content.trim()) return;
    const question = bubble({ role: "user", content });
    change(() => log.append(question));
    const answer = begin();
    log.scrollTop = log.scrollHeight;
    say("");
    input.value = "";
    input.focus();
    let refusal = T.lost;
    try {
      const reply = await post(content);
      refusal = reply.ok ? "" : await problem(reply);
      if (reply.ok) await hear(answer, reply);
    } catch {
      // the network refused
    }
    if (refusal) {
      question.remove();
      answer.node.remove();
      input.value = content;
      say(refusal);
    }
    end();
  }

  /* ---- what was said before ---- */

  async function findConversation() {
    if (conversation || !(session || window.chatWidgetToken)) return conversation === "new" ? "" : conversation;
    const reply = await call("GET", "/llm/conversations?limit=1");
    const latest = reply.ok ? (await reply.json()).data[0] : null;
    return latest ? String(latest.id) : "";
  }

  async function loadMessages() {
    const id = await findConversation();
    if (!id) return [];
    const reply = await call("GET", `/llm/conversations/${id}/messages?limit=${HISTORY_MESSAGES}`);
    useConversation(reply.status === 404 ? "" : id);
    if (reply.status === 404) return [];
    if (reply.ok) return (await reply.json()).data;
    say(await problem(reply));
    return null;
  }

  /* Gives the message that is still being written, if any. Old messages are not read aloud. */
  async function restore() {
    const messages = await loadMessages().catch(() => say(T.lost));
    if (!messages) {
      history = null; // tried again when the panel is opened again
      return null;
    }
    const last = messages[messages.length - 1];
    const unfinished = last && last.role === "assistant" && !last.finish_reason ? last : null;
    if (messages.length > 0) log.setAttribute("aria-live", "off");
    log.replaceChildren(...messages.map((message) => bubble(message)));
    log.scrollTop = log.scrollHeight;
    setTimeout(() => log.setAttribute("aria-live", "polite"), 500);
    offer(messages.length > 0 ? [] : config.chat.suggestions);
    return unfinished;
  }

  async function hearRunning(unfinished) {
    if (!unfinished || running) return;
    log.lastElementChild.remove();
    const answer = begin();
    stopButton.disabled = false;
    answer.lastEvent = `${unfinished.id}.0`; // from its beginning
    await hear(answer, null);
    end();
  }

  /* ---- looks ---- */

  const STYLE = `
    :host { all: initial; }
    * { box-sizing: border-box; }
    [hidden] { display: none !important; }
    .root { font: 16px/1.5 system-ui, -apple-system, "Segoe UI", "Noto Sans Thai", sans-serif; color: #1b1b1b; color-scheme: light; }
    button, textarea, input { font: inherit; color: inherit; border: 1px solid transparent; border-radius: 8px; }
    button { padding: 0; background: none; cursor: pointer; }
    button:disabled, [aria-disabled="true"] { opacity: .5; cursor: default; }
    a { color: inherit; }
    svg { display: block; margin: auto; inline-size: 24px; block-size: 24px; fill: none; stroke: currentColor; stroke-width: 2;
      stroke-linejoin: round; stroke-linecap: round; }
    :focus-visible { outline: 3px solid #1b1b1b; outline-offset: 2px; box-shadow: 0 0 0 2px #fff; }
    .toggle, .panel { position: fixed; inset-inline-end: 16px; z-index: 2147483000; }
    .toggle { inset-block-end: 16px; inline-size: 56px; block-size: 56px; border: 1px solid; border-radius: 50%; }
    .toggle, .main, header, .message[data-role="user"], [aria-pressed="true"] { background: var(--chat-brand, #1b4d89); color: var(--chat-on-brand, #fff); }
    .panel { inset-block-end: 84px; inline-size: 400px; block-size: 640px; max-block-size: calc(100vh - 100px); display: flex; flex-direction: column;
      overflow-y: auto; background: #fff; border: 1px solid #767676; border-radius: 12px; }
    header { display: flex; gap: 8px; align-items: center; padding: 6px 12px; border-block-end: 3px solid var(--chat-accent, transparent); }
    h2 { flex: 1; min-inline-size: 0; margin: 0; font-size: 1em; overflow-wrap: anywhere; }
    .plain { inline-size: 36px; block-size: 36px; }
    .log { flex: 1; min-block-size: 96px; padding: 12px; overflow-y: auto; overscroll-behavior: contain; outline-offset: -4px; }
    .message { position: relative; inline-size: fit-content; max-inline-size: 90%; margin-block-end: 12px; padding: 8px 12px;
      border: 1px solid transparent; border-radius: 12px; background: #f1f1f1; overflow-wrap: anywhere; }
    .message[data-role="user"] { margin-inline-start: auto; }
    .text { white-space: pre-wrap; }
    .waiting { color: #595959; }
    .marker { margin-inline: 2px; padding-inline: 4px; border-color: #767676; border-radius: 4px; font-size: .8em; }
    .sources { margin: 8px 0 0; padding-block-start: 4px; padding-inline-start: 1.5em; border-block-start: 1px solid #c8c8c8; font-size: .875em; }
    .votes { display: flex; gap: 4px; margin-block-start: 4px; }
    .votes svg { inline-size: 18px; block-size: 18px; }
    .note { margin: 4px 0 0; font-style: italic; }
    summary { margin-block-start: 8px; cursor: pointer; }
    .spoken { position: absolute; inline-size: 1px; block-size: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
    .suggestions { display: flex; flex-wrap: wrap; gap: 8px; padding: 0 12px; }
    .suggestions button { margin-block-end: 8px; padding: 4px 12px; border-color: #767676; border-radius: 16px; text-align: start; }
    .notice { margin: 0; padding: 0 12px; color: #9b1c1c; }
    form { display: flex; gap: 8px; align-items: flex-end; padding: 8px 12px; border-block-start: 1px solid #c8c8c8; }
    textarea, input { flex: 1; min-inline-size: 0; padding: 8px; resize: none; background: #fff; border-color: #767676; }
    label { display: grid; }
    details form { flex-direction: column; align-items: stretch; padding: 8px 0 0; border: 0; }
    .main { padding: 8px 14px; }
    .disclaimer { margin: 0; padding: 0 12px 8px; font-size: .8125em; color: #595959; }
    @media (max-width: 480px), (max-height: 520px) {
      .panel { inset: 0; inline-size: auto; block-size: auto; max-block-size: none; border: 0; border-radius: 0; }
      .toggle[aria-expanded="true"] { display: none; }
    }
    @media (prefers-reduced-motion: no-preference) {
      .waiting { animation: waiting 1s infinite alternate; }
      @keyframes waiting { to { opacity: .6; } }
    }
  `;

  /* Black or white, whichever is easier to read on it. */
  function textOn(color) {
    const [r, g, b] = [1, 3, 5].map((at) => {
      const part = parseInt(color.slice(at, at + 2), 16) / 255;
      return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * r + 0.7152 * g + 0.0722 * b > 0.179 ? "#000" : "#fff";
  }

  function paint(host, { primary, accent }) {
    const isColor = (text) => /^#[0-9a-f]{6}$/i.test(text);
    if (isColor(primary)) {
      host.style.setProperty("--chat-brand", primary);
      host.style.setProperty("--chat-on-brand", textOn(primary));
    }
    if (isColor(accent)) host.style.setProperty("--chat-accent", accent);
  }

  async function start() {
    const reply = await fetch(`${API}/api/v1/config`, { credentials: "omit" });
    config = reply.ok ? await reply.json() : null;
    if (!config || !config.features.chat || document.querySelector("chat-widget")) return;
    const host = el("chat-widget", {});
    const root = host.attachShadow({ mode: "open" });
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(STYLE);
    root.adoptedStyleSheets = [sheet];
    title.textContent = config.app_name;
    toggle.setAttribute("aria-label", T.chat(config.app_name));
    disclaimer.textContent = config.chat.disclaimer;
    input.maxLength = config.chat.max_message_chars;
    paint(host, config.branding.colors);
    root.append(el("div", { class: "root", lang, keydown: (event) => event.key === "Escape" && !panel.hidden && close() }, toggle, panel));
    document.body.append(host);
    if (recall("sessionStorage", "open")) open(false);
  }

  const ready = document.body ? Promise.resolve() : new Promise((resolve) => addEventListener("DOMContentLoaded", resolve));
  ready.then(start).catch((problem) => console.warn("chat-widget:", problem));
})();
