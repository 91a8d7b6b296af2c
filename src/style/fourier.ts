import { operator, type Tensor, upsampleBilinear } from "../torch/index.js";
import { mix, type Style } from "./style.js";

const transform = operator("fft_fft2");
const inverse = operator("fft_ifft2");
const shift = operator("fft_fftshift");
const unshift = operator("fft_ifftshift");
const magnitude = operator("abs");
const angle = operator("angle");
const polar = operator("polar");
const real = operator("real");

/** Style images are resized to this: amplitudes of different sizes cannot be compared. */
const SIDE = 256;

/** The amplitudes, low frequencies at the centre, divided by the number of pixels. */
function amplitudes(image: Tensor): Tensor {
  return magnitude(shift(transform(image), [1, 2])).div(image.size(1) * image.size(2));
}

/**
 * Exchanges the amplitudes of the lowest frequencies and keeps the phases: FDA, Yang & Soatto, CVPR 2020, eq. 1-3.
 * @param beta half the side of the exchanged window, as a fraction of the shorter side of the image
 */
export function fourier(beta = 0.01): Style {
  /** At most what both spectra have around their centre. */
  const radiusIn = (height: number, width: number) =>
    Math.floor(Math.min(Math.min(height, width) * beta, (Math.min(height, width, SIDE) - 1) / 2));
  const window = (spectrum: Tensor, radius: number): Tensor => {
    const [y, x] = [Math.floor(spectrum.size(1) / 2), Math.floor(spectrum.size(2) / 2)];
    return spectrum.slice(1, y - radius, y + radius + 1).slice(2, x - radius, x + radius + 1);
  };
  return {
    statistics: (style) => [
      amplitudes(upsampleBilinear(style.unsqueeze(0), SIDE, SIDE).squeeze(0)),
    ],
    apply(content, [style], alpha) {
      const [height, width] = [content.size(1), content.size(2)];
      const radius = radiusIn(height, width);
      const spectrum = shift(transform(content), [1, 2]);
      const own = magnitude(spectrum);
      const phase = angle(spectrum);
      window(own, radius)
        .zeroInPlace()
        .addInPlace(window(style as Tensor, radius), height * width);
      const image = real(inverse(unshift(polar(own, phase), [1, 2])));
      return mix(content, image, alpha);
    },
  };
}
