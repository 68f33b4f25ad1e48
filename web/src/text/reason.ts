/** What the server says of an error, by its stable code in the page's language; of codes that are rarely met, and in English of most, its own words. */

import { language } from "../preference/language";

const EN: Record<string, string> = {
  "media.unreadable": "This is not a video that can be read. Check that it plays on your machine.",
  "media.no_video": "The file has no picture; sound alone is not taken.",
  "media.too_large": "The video is too large or too long for this site.",
  "account.forbidden": "Your account may not do this.",
  "account.unconfirmed": "Confirm your e-mail address first; a mail with a link has been sent.",
  "account.quota_exceeded": "Your space is used up. Delete videos, or ask the admin of this site for more.",
};

const KO: Record<string, string> = {
  "media.invalid": "이 동영상 파일을 사용할 수 없습니다. 다시 내보내서 업로드해 주세요.",
  "media.unreadable": "알 수 없는 형식이거나 읽을 수 없는 파일입니다.",
  "media.not_in_pieces": "조각으로 나눌 수 없는 코덱입니다. H.264, HEVC, VP9, AV1 중 하나로 내보내 주세요.",
  "media.unsupported_codec": "지원하지 않는 영상 코덱입니다. H.264, HEVC, VP9, AV1 중 하나로 내보내 주세요.",
  "media.no_video": "파일에 영상이 없습니다.",
  "media.truncated": "파일이 중간에 잘려 있습니다. 파일을 다시 복사하거나 내려받아 주세요.",
  "media.too_large": "화면 크기, 길이 또는 파일 크기가 이 사이트의 한도를 넘습니다.",
  "media.timeout": "처리가 너무 오래 걸려 중단되었습니다.",
  "media.tool_failed": "처리 도구가 중간에 멈추었습니다. 파일 탓은 아닐 수 있습니다.",
  "media.piece_mismatch": "받은 조각이 예정된 내용과 다릅니다. 다시 업로드해 주세요.",
  "media.rungs_dropped": "일부 화질을 만들지 못했습니다.",
  "storage.full": "서버에 저장 공간이 없습니다. 공간이 생기면 저절로 이어집니다.",
  "storage.unavailable": "저장소에 문제가 있습니다. 잠시 뒤에 다시 시도합니다.",
  "storage.checksum_mismatch": "저장된 내용이 달라졌습니다. 다시 업로드해 주세요.",
  "request.not_found": "찾을 수 없습니다.",
  "request.conflict": "지금 상태에서는 할 수 없습니다.",
  "account.forbidden": "이 작업을 할 권한이 없습니다.",
  "account.unconfirmed": "먼저 이메일 주소를 확인해 주세요.",
  "account.disabled": "관리자가 이 계정을 정지했습니다.",
  "account.bad_link": "이미 사용했거나 만료된 링크입니다.",
  "account.quota_exceeded": "이 업로드는 계정의 저장 한도를 넘습니다.",
  "upload.expired": "업로드가 오랫동안 이어지지 않아 취소되었습니다.",
  "upload.piece_conflict": "업로드하는 동안 파일이 바뀌었습니다. 처음부터 다시 올려 주세요.",
  "pipeline.task_timeout": "작업이 제한 시간을 넘어 중단되었습니다.",
  "pipeline.worker_lost": "작업하던 서버가 응답하지 않습니다. 다시 시도합니다.",
  "pipeline.poison_piece": "이 동영상의 한 조각을 처리할 수 없습니다.",
  "pipeline.segment_mismatch": "만들어진 조각들이 서로 맞지 않습니다.",
  "pipeline.task_cancelled": "관리자가 작업을 취소했습니다.",
  "pipeline.overloaded": "할 일이 많아 차례를 기다리고 있습니다.",
};

export function sayReason({ code, message }: { code: string; message: string }): string {
  return (language === "ko" ? KO : EN)[code] ?? message;
}
