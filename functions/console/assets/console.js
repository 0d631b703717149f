// Counts down, and shows due times in the reader's own zone. Without it every page says what was left when it was made.
"use strict";

(() => {
  const SECOND = 1000;
  const MINUTE = 60 * SECOND;
  const HOUR = 60 * MINUTE;
  // The only moments at which a countdown speaks: a live region that ticks is a torment.
  const SPEAKS_AT = [24 * HOUR, 6 * HOUR, HOUR, 15 * MINUTE, 0];

  // The same words as the server's.
  const spoken = (duration) => {
    const seconds = Math.floor(duration / SECOND);
    const minutes = Math.floor(seconds / 60);
    const hours = Math.floor(minutes / 60);
    if (hours >= 24) return `${Math.floor(hours / 24)} d ${hours % 24} h`;
    if (hours >= 1) return `${hours} h ${minutes % 60} min`;
    if (minutes >= 1) return `${minutes} min ${seconds % 60} s`;
    return `${seconds} s`;
  };
  const words = (left) => (left > 0 ? `${spoken(left)} left` : `overdue by ${spoken(-left)}`);
  const urgency = (left) => (left <= 0 ? "overdue" : left < 6 * HOUR ? "hours" : left < 24 * HOUR ? "day" : "later");

  const countdowns = [...document.querySelectorAll("[data-due]")].map((element) => {
    const text = element.querySelector(".left");
    // What ticks is for the eye; a reader of screens gets the text as the server wrote it, once, and the time itself.
    const still = document.createElement("span");
    still.className = "unseen";
    still.textContent = `${text.textContent}, `;
    text.before(still);
    text.setAttribute("aria-hidden", "true");
    const due = Date.parse(element.dataset.due);
    return { element, text, due, what: element.dataset.what, left: due - Date.now() };
  });

  const announcer = document.getElementById("announcer");
  const tick = () => {
    const now = Date.now();
    const news = new Set();
    for (const one of countdowns) {
      const left = one.due - now;
      one.text.textContent = words(left);
      const state = urgency(left);
      if (!one.element.classList.contains(state)) {
        one.element.classList.remove("overdue", "hours", "day", "later");
        one.element.classList.add(state);
      }
      if (SPEAKS_AT.some((moment) => one.left > moment && left <= moment)) {
        news.add(left > 0 ? `${one.what}: ${spoken(left)} left.` : `${one.what} is overdue.`);
      }
      one.left = left;
    }
    if (news.size > 0 && announcer) announcer.textContent = [...news].join(" ");
  };

  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  if (zone && zone !== "UTC" && zone !== "Etc/UTC") {
    const format = new Intl.DateTimeFormat("en-GB", {
      weekday: "short", year: "numeric", month: "2-digit", day: "2-digit", hour: "2-digit", minute: "2-digit", timeZoneName: "short",
    });
    for (const time of document.querySelectorAll("time[data-local]")) {
      const parts = Object.fromEntries(format.formatToParts(new Date(time.dateTime)).map((part) => [part.type, part.value]));
      const local = document.createElement("span");
      local.className = "local";
      local.textContent = `${parts.weekday} ${parts.year}-${parts.month}-${parts.day} ${parts.hour}:${parts.minute} ${parts.timeZoneName}`;
      time.parentElement.append(local);
    }
    for (const note of document.querySelectorAll(".zone")) {
      note.querySelector("[data-zone-name]").textContent = zone;
      note.hidden = false;
    }
  }

  if (countdowns.length > 0) {
    tick();
    setInterval(tick, SECOND);
  }

  // A link to a question inside closed ones opens them; so does a fault that is named at the top of a form.
  const reveal = () => {
    const target = location.hash.length > 1 ? document.getElementById(decodeURIComponent(location.hash.slice(1))) : null;
    const around = target ? target.closest("details") : null;
    if (around && !around.open) {
      around.open = true;
      target.scrollIntoView();
    }
  };
  addEventListener("hashchange", reveal);
  reveal();

  // "Not known" and a value exclude each other; the server takes "not known" where both were sent.
  document.addEventListener("input", ({ target }) => {
    const question = target.closest("fieldset.question");
    if (!question || !target.name) return;
    const unknown = question.querySelector('input[name^="unknown."]');
    if (!unknown) return;
    if (target !== unknown && (target.type !== "checkbox" || target.checked) && target.value !== "") unknown.checked = false;
  });
})();
