/** The Korean labels of media-chrome's controls. media-chrome has the English ones. */

import { addTranslation, setLanguage } from "media-chrome/dist/utils/i18n.js";

import { language } from "../../preference/language.ts";

const KO: Record<string, string> = {
  Captions: "자막",
  "Enable captions": "자막 켜기",
  "Disable captions": "자막 끄기",
  "Enter fullscreen mode": "전체 화면",
  "Exit fullscreen mode": "전체 화면 종료",
  "enter fullscreen mode": "전체 화면",
  "exit fullscreen mode": "전체 화면 종료",
  Mute: "음소거",
  Unmute: "음소거 해제",
  mute: "음소거",
  unmute: "음소거 해제",
  "Enter picture in picture mode": "PIP 모드",
  "Exit picture in picture mode": "PIP 모드 종료",
  "enter picture in picture mode": "PIP 모드",
  "exit picture in picture mode": "PIP 모드 종료",
  Play: "재생",
  Pause: "일시중지",
  play: "재생",
  pause: "일시중지",
  "Playback rate": "재생 속도",
  "Playback rate {playbackRate}": "재생 속도 {playbackRate}",
  Quality: "화질",
  quality: "화질",
  Settings: "설정",
  settings: "설정",
  Auto: "자동",
  Off: "끔",
  "video player": "동영상 플레이어",
  volume: "볼륨",
  seek: "탐색",
  "closed captions": "자막",
  "current playback rate": "현재 재생 속도",
  "playback time": "재생 시간",
  "media loading": "불러오는 중",
  "chapter: {chapterName}": "챕터: {chapterName}",
  hour: "시간",
  hours: "시간",
  minute: "분",
  minutes: "분",
  second: "초",
  seconds: "초",
  "{time} remaining": "{time} 남음",
  "{currentTime} of {totalTime}": "{totalTime} 중 {currentTime}",
  "video not loaded, unknown time.": "동영상을 불러오지 않아 시간을 알 수 없습니다.",
};

// media-chrome uses the browser's language, which can differ from the page's.
if (language === "ko") addTranslation("ko", KO);
setLanguage(language);
