/** Sentences for error codes of the server, in the page's language. Other codes keep the server's message, which names what is wrong. */

import { language } from "../preference/language.ts";

const EN: Record<string, string> = {
  "media.unreadable": "This file cannot be read as a video. Check that it plays on your computer.",
  "media.no_video": "The file has no video. Upload a file with video.",
  "media.too_large": "The video is too large or too long for this site.",
  "account.forbidden": "Your account does not have permission to do this.",
  "account.unconfirmed": "Confirm your e-mail address first. Use the link that we sent you.",
  "account.quota_exceeded":
    "You have no storage space left. Delete videos, or ask an admin of this site for more.",
  "account.disabled": "An admin has disabled this account.",
  "account.bad_link": "This link was already used or has expired.",
  "media.invalid": "This video file cannot be used. Export it again and upload it.",
  "media.timeout": "Processing took too long and was stopped.",
  "media.tool_failed": "The processing tool stopped unexpectedly.",
  "media.piece_mismatch":
    "An uploaded piece does not match the file's description. Upload the file again.",
  "storage.full":
    "The server is out of storage space. Processing continues automatically when there is space.",
  "storage.unavailable": "The server's storage has a problem.",
  "storage.checksum_mismatch": "The data is damaged. Upload the file again.",
  "request.not_found": "Not found. It may have been deleted.",
  "upload.expired": "The upload was inactive for too long and has expired. Upload the file again.",
  "upload.piece_conflict": "The file changed during the upload. Upload it again.",
  "pipeline.task_timeout": "A task exceeded its time limit and was stopped.",
  "pipeline.worker_lost": "A worker stopped unexpectedly.",
  "pipeline.task_crashed": "A processing step failed unexpectedly.",
  "pipeline.poison_piece": "A part of this video cannot be processed.",
  "pipeline.segment_mismatch": "The processed segments do not fit together. Reprocess the video.",
  "pipeline.task_cancelled": "An admin cancelled the task.",
  "pipeline.overloaded":
    "The server is busy. Processing starts automatically when it has capacity.",
  "internal.error": "The server had an unexpected error.",
};

const KO: Record<string, string> = {
  "media.invalid": "이 동영상 파일을 사용할 수 없습니다. 다시 내보내서 업로드해 주세요.",
  "media.unreadable": "동영상으로 읽을 수 없는 파일입니다. 컴퓨터에서 재생되는지 확인해 주세요.",
  "media.not_in_pieces":
    "조각으로 나눌 수 없는 코덱입니다. H.264, HEVC, VP9, AV1 중 하나로 내보내 주세요.",
  "media.unsupported_codec":
    "지원하지 않는 동영상 코덱입니다. H.264, HEVC, VP9, AV1 중 하나로 내보내 주세요.",
  "media.no_video": "파일에 영상이 없습니다. 영상이 있는 파일을 업로드해 주세요.",
  "media.truncated": "파일이 완전하지 않습니다. 파일을 다시 복사하거나 다운로드해 주세요.",
  "media.too_large": "동영상의 크기나 길이가 이 사이트의 한도를 초과합니다.",
  "media.timeout": "처리 시간이 너무 길어 중단되었습니다.",
  "media.tool_failed": "처리 도구가 예기치 않게 중단되었습니다.",
  "media.piece_mismatch": "업로드된 조각이 파일 정보와 일치하지 않습니다. 다시 업로드해 주세요.",
  "media.rungs_dropped": "일부 화질을 인코딩하지 못했습니다.",
  "storage.full": "서버의 저장 공간이 부족합니다. 공간이 확보되면 처리가 자동으로 계속됩니다.",
  "storage.unavailable": "서버의 저장소에 문제가 있습니다.",
  "storage.checksum_mismatch": "데이터가 손상되었습니다. 파일을 다시 업로드해 주세요.",
  "request.not_found": "항목을 찾을 수 없습니다. 삭제되었을 수 있습니다.",
  "request.conflict": "현재 상태에서는 이 작업을 할 수 없습니다.",
  "account.forbidden": "계정에 이 작업을 할 권한이 없습니다.",
  "account.unconfirmed": "먼저 이메일 주소를 인증해 주세요. 보내 드린 링크를 사용하세요.",
  "account.disabled": "관리자가 이 계정을 사용 중지했습니다.",
  "account.bad_link": "이미 사용했거나 만료된 링크입니다.",
  "account.quota_exceeded":
    "저장 공간이 부족합니다. 동영상을 삭제하거나 이 사이트의 관리자에게 문의해 주세요.",
  "upload.expired": "업로드가 오랫동안 중단되어 만료되었습니다. 파일을 다시 업로드해 주세요.",
  "upload.piece_conflict": "업로드하는 동안 파일이 변경되었습니다. 파일을 다시 업로드해 주세요.",
  "pipeline.task_timeout": "작업이 제한 시간을 초과하여 중단되었습니다.",
  "pipeline.worker_lost": "작업 중이던 워커가 예기치 않게 종료되었습니다.",
  "pipeline.task_crashed": "처리 단계가 예기치 않게 실패했습니다.",
  "pipeline.poison_piece": "동영상의 일부를 처리할 수 없습니다.",
  "pipeline.segment_mismatch": "처리된 세그먼트가 서로 맞지 않습니다. 동영상을 다시 처리해 주세요.",
  "pipeline.task_cancelled": "관리자가 작업을 취소했습니다.",
  "pipeline.overloaded": "서버가 사용 중입니다. 여유가 생기면 처리가 자동으로 시작됩니다.",
  "internal.error": "서버에 예기치 않은 오류가 발생했습니다.",
};

export function describeReason({ code, message }: { code: string; message: string }): string {
  return (language === "ko" ? KO : EN)[code] ?? message;
}
