// Choosing photos: camera or album, small previews, each can be taken away. A file that cannot be read says why.

import { useEffect, useId, useMemo, useRef, useState, type ChangeEvent } from "react";
import { useTexts } from "../i18n/texts";
import "./picker.css";
import type { Shot } from "./exif";
import { prepare, PhotoUnreadable, type Photo } from "./prepare";
import { texts } from "./texts";

interface Props {
  photos: readonly Photo[];
  onChange: (photos: Photo[]) => void;
  /** Whether the camera's time and place are sent along. */
  told: boolean;
  most?: number;
  label?: string;
  /** Where and when the device is, for photos taken just now whose camera says nothing. */
  shotNow?: () => Shot;
  /** Open the camera at once, without the album. */
  camera?: boolean;
  /** Tell the time that a photo needs: the caller's button waits. */
  onBusy?: (busy: boolean) => void;
}

export function PhotoPicker({ photos, onChange, told, most = 5, label, shotNow, camera = false, onBusy }: Props) {
  const t = useTexts(texts);
  const [working, setWorking] = useState(false);
  const [complaints, setComplaints] = useState<string[]>([]);
  const now = useRef(photos);
  now.current = photos;
  const id = useId();

  const choose = async (event: ChangeEvent<HTMLInputElement>) => {
    const files = [...(event.target.files ?? [])];
    event.target.value = "";
    if (!files.length) return;
    setWorking(true);
    onBusy?.(true);
    const wrong: string[] = [];
    try {
      for (const file of files) {
        if (now.current.length >= most) {
          wrong.push(t("many", { most }));
          break;
        }
        try {
          const photo = await prepare(file, told, shotNow?.());
          now.current = [...now.current, photo];
          onChange([...now.current]);
        } catch (error) {
          if (!(error instanceof PhotoUnreadable)) throw error;
          wrong.push(t(error.heic ? "heic" : "unreadable", { name: error.file }));
        }
      }
    } finally {
      setComplaints(wrong);
      setWorking(false);
      onBusy?.(false);
    }
  };

  return (
    <div className="photos">
      <div className="photos-row">
        {photos.map((photo, index) => (
          <Preview
            key={photo.id} photo={photo} title={t("photo", { n: index + 1, name: photo.name })} removal={t("remove", { n: index + 1 })}
            onRemove={() => onChange(photos.filter((one) => one.id !== photo.id))}
          />
        ))}
        {photos.length < most ? (
          <span className="photos-add">
            <input
              id={id} type="file" accept="image/*" multiple={!camera} {...(camera ? { capture: "environment" as const } : {})}
              onChange={(event) => void choose(event)} disabled={working}
            />
            <label htmlFor={id} className={photos.length ? "photos-tile" : "photos-tile first"}>
              <Camera />
              <span>{working ? t("working") : photos.length ? t("more") : (label ?? t("add"))}</span>
            </label>
          </span>
        ) : null}
      </div>
      {complaints.map((words) => <p key={words} className="notice-error" role="alert">{words}</p>)}
    </div>
  );
}

function Camera() {
  return (
    <svg aria-hidden="true" viewBox="0 0 24 24" width="26" height="26" fill="none" stroke="currentColor" strokeWidth="1.8" strokeLinejoin="round">
      <path d="M4 7.5h3.2L9 5h6l1.8 2.5H20a1.5 1.5 0 0 1 1.5 1.5v9A1.5 1.5 0 0 1 20 19.5H4A1.5 1.5 0 0 1 2.5 18V9A1.5 1.5 0 0 1 4 7.5z" />
      <circle cx="12" cy="13" r="3.6" />
    </svg>
  );
}

interface PreviewProps {
  photo: Photo;
  title: string;
  removal: string;
  onRemove: () => void;
}

function Preview({ photo, title, removal, onRemove }: PreviewProps) {
  const address = useMemo(() => URL.createObjectURL(photo.blob), [photo.blob]);
  useEffect(() => () => URL.revokeObjectURL(address), [address]);
  return (
    <figure className="photos-one">
      <img src={address} alt={title} />
      <button type="button" aria-label={removal} title={removal} onClick={onRemove}>✕</button>
    </figure>
  );
}
