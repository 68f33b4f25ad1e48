// Runs in every page before its own scripts: window.timed tells, by the page's own clock, when a picture came and how long a click waited for paint.
(() => {
  const events = [];
  const first = Promise.withResolvers();
  const pressed = Promise.withResolvers();
  let press_ms = 0;
  const timed = {
    // Promises of milliseconds: from navigation to the first picture; from the press to the first picture after it.
    first: first.promise,
    pressed: pressed.promise,
    // From the click that follows until something that the selector means is painted.
    watchFor(selector) {
      events.length = 0;
      timed.shown = new Promise((resolve) => {
        const look = () => {
          if (document.querySelector(selector) === null) requestAnimationFrame(look);
          else requestAnimationFrame((now) => resolve(now - press_ms));
        };
        requestAnimationFrame(look);
      });
    },
    // Event Timing tells nothing of events that took less than 16 ms.
    async paint() {
      await new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(resolve, 150))));
      return Math.max(16, ...events.splice(0));
    },
    // From the click on a link of the page before to this page's first paint.
    async navigated() {
      const paints = () => performance.getEntriesByName("first-contentful-paint");
      while (paints().length === 0) await new Promise((resolve) => setTimeout(resolve, 20));
      return performance.timeOrigin + paints()[0].startTime - Number(sessionStorage.getItem("pressed"));
    },
  };
  new MutationObserver((_, observer) => {
    const video = document.querySelector("video");
    if (video === null) return;
    observer.disconnect();
    // Said by the console, since what a driver evaluates counts as a gesture of the user. Somebody who presses needs half a second to see that he must.
    video.addEventListener("canplay", () => setTimeout(() => console.debug("can play"), 500), { once: true });
    video.requestVideoFrameCallback((_, frame) => first.resolve(frame.expectedDisplayTime));
    addEventListener("click", (event) => {
      video.requestVideoFrameCallback((_, frame) => pressed.resolve(frame.expectedDisplayTime - event.timeStamp));
    }, { capture: true, once: true });
  }).observe(document, { childList: true, subtree: true });
  addEventListener("click", (event) => {
    press_ms = event.timeStamp;
    sessionStorage.setItem("pressed", String(performance.timeOrigin + event.timeStamp));
  }, { capture: true });
  new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) if (entry.interactionId > 0) events.push(entry.duration);
  }).observe({ type: "event", durationThreshold: 16 });
  window.timed = timed;
})();
